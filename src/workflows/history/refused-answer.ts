/** Why a wait takes no answer, as the run's history says. Pure. */

import { TroupeError } from "../../errors/troupe-error.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import { shown } from "../../values/shown.ts";
import type { RunNote } from "./run-event.ts";
import { stepOf } from "./run-progress.ts";
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
  if (!isWait(state, wait))
    return new TroupeError("invalid-options", `tell: the workflow of the run ${run} has no wait ${shown(wait)}`);
  if (key !== undefined && isToldUnder(state, wait, key)) return undefined;
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
      return `takes no answer, as the run is ${state.status}`;
  }
}

function notTaken(
  run: string,
  message: string,
  details: {
    readonly status: string;
    readonly wait: string;
    readonly by?: string;
    readonly at?: number;
    readonly version?: number;
  },
): TroupeError {
  return new TroupeError("not-admissible", message, { details: { run, ...details } });
}
