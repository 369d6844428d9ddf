/** Why a wait takes no answer, or a loop no message, as the run's history says. Pure. */

import { TroupeError } from "../../errors/troupe-error.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import { partAround, roundAt } from "../definition/steps-of-run.ts";
import { shown } from "../../values/shown.ts";
import type { RunNote } from "./run-event.ts";
import { stepOf } from "./run-progress.ts";
import { hasInbox, isFull, mostUnread } from "./run-rounds.ts";
import type { RunState } from "./run-state.ts";
import { isToldUnder, isWait } from "./run-waits.ts";

/**
 * The error for an answer that a run did not take; `undefined` if it was told under `key` before, and so has been taken.
 *
 * @param versions of the run, oldest first.
 */
export function refusedAnswer(
  run: string,
  wait: string,
  versions: readonly Snapshot<RunState>[],
  key: string | undefined,
): TroupeError | undefined {
  const state = versions.at(-1)?.state;
  if (state === undefined) return notTaken(run, `the run ${run} has not started`, { status: "new", wait });
  if (key !== undefined && (isToldUnder(state, wait, key) || versions.some(hasTold(wait, key)))) return undefined;
  const part = partAround(wait)?.part;
  if (part !== undefined && stepOf(state, part) === undefined) {
    const at = roundAt(part);
    const isOver = at !== undefined && at.round <= (stepOf(state, at.loop)?.loop?.round ?? 0);
    const why = `which ${isOver ? "is over in" : "has not begun in"} the run ${run}`;
    return notTaken(run, `"${wait}" is a step of "${part}", ${why}`, { status: state.status, wait });
  }
  if (hasInbox(state, wait)) return refusedMessage(run, wait, state);
  if (!isWait(state, wait)) {
    return new TroupeError(
      "invalid-options",
      `tell: the workflow of the run ${run} has no wait, and no loop with an inbox, ${shown(wait)}`,
    );
  }
  const { status } = state;
  const end = versions.findLast((version) => version.state.events.some((note) => endsWait(note, wait)));
  const { by } = stepOf(state, wait)?.wait?.told ?? {};
  const known = {
    status,
    wait,
    ...(by === undefined ? {} : { by }),
    ...(end === undefined ? {} : { at: end.time, version: end.version }),
  };
  const when =
    end === undefined ? "" : `, at ${new Date(end.time).toISOString()} in version ${end.version} of run/${run}`;
  return notTaken(run, `the wait "${wait}" of the run ${run} ${becameOf(state, wait)}${when}`, known);
}

function refusedMessage(run: string, loop: string, state: RunState): TroupeError {
  const message = `the loop "${loop}" of the run ${run} ${whyNoMessage(state, loop)}`;
  return notTaken(run, message, { status: state.status, loop });
}

function whyNoMessage(state: RunState, loop: string): string {
  const step = stepOf(state, loop);
  switch (step?.status) {
    case "finished":
      return "has finished: no round of it reads a message any more";
    case "skipped":
      return "was skipped";
    case "failed":
      return "has failed";
    default:
      if (state.status === "running" && step !== undefined && step.status !== "open" && step.status !== "pending")
        return "takes no message any more, as the item that it is in has failed";
      if (step === undefined || state.status !== "running") return `takes no message, as the run is ${state.status}`;
      return isFull(step)
        ? `has ${mostUnread} messages that its next round is to read, and takes no more before`
        : "has begun the last of its rounds, and there is none to read a message";
  }
}

/** True for the version in which a wait was answered, or a loop told, under this key: the history has it for rounds that are kept no more, too. */
function hasTold(path: string, key: string): (version: Snapshot<RunState>) => boolean {
  const isIt = (note: RunNote): boolean =>
    (note.type === "wait-answered" || note.type === "loop-told") && note.step === path && note.idempotencyKey === key;
  return ({ state }) => state.events.some(isIt);
}

/** True for what leaves a wait without need of an answer. */
function endsWait(note: RunNote, wait: string): boolean {
  switch (note.type) {
    case "wait-answered":
      return note.step === wait;
    case "step-finished":
      return note.step === wait && note.isExpired === true;
    case "step-skipped":
    case "step-failed":
      return note.step === wait;
    default:
      return false;
  }
}

function becameOf(state: RunState, wait: string): string {
  const step = stepOf(state, wait);
  const told = step?.wait?.told;
  if (told !== undefined) return `was answered before${told.by === undefined ? "" : `, by ${told.by}`}`;
  switch (step?.status) {
    case "finished":
      return "was given up, as no answer came in time";
    case "skipped":
      return "was skipped";
    case "failed":
      return "has failed";
    default:
      return state.status === "running"
        ? "takes no answer any more, as the item that it is in has failed"
        : `takes no answer, as the run is ${state.status}`;
  }
}

function notTaken(
  run: string,
  message: string,
  details: {
    readonly status: string;
    readonly wait?: string;
    readonly loop?: string;
    readonly by?: string;
    readonly at?: number;
    readonly version?: number;
  },
): TroupeError {
  return new TroupeError("not-admissible", message, { details: { run, ...details } });
}
