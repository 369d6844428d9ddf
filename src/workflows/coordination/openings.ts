/**
 * What the supervisor decides about waits, pauses, sub-workflows, eaches and loops, under either coordination alike: whether they open, which items
 * and rounds that are workflows do, and how waits, pauses and loops of such rounds end. Pure. No agent takes part in it.
 */

import { encodeError } from "../../errors/error-codec.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { bodyOf } from "../definition/steps-of-run.ts";
import type { RunEvent, StepFailed, StepFinished } from "../history/run-event.ts";
import { isReady, stepOf } from "../history/run-progress.ts";
import type { RunState } from "../history/run-state.ts";
import type { Terms } from "./conclude.ts";
import { decide, sourcesIn, standIn, type StepDecision } from "./decide.ts";
import { decodeSources } from "./pure-calls.ts";
import { itemsToStart, roundToStart } from "./parts.ts";
import {
  allOpenings,
  followingOf,
  openingAt,
  type PlannedOpening,
  repeatedOf,
  scopeAt,
  type WorkflowPlan,
} from "./workflow-plan.ts";

/**
 * Returns what follows from a run's newest event for the steps that no agent does: one that is ready opens, and a wait that has its answer
 * finishes.
 */
export function followOpenings(
  plan: WorkflowPlan,
  state: RunState,
  event: RunEvent,
  terms: Needed,
): readonly (StepDecision | StepFinished)[] {
  switch (event.type) {
    case "definition-changed":
    case "run-released":
    case "run-recovered":
      return openingAll(plan, state, terms);
    case "run-started":
      if (event.fork !== undefined) return openingAll(plan, state, terms);
      return opening(scopeAt(plan, "")?.openings ?? [], state, terms);
    case "step-started":
      return [
        ...opening(scopeAt(plan, event.step)?.openings ?? [], state, terms),
        ...beginning(repeatedOf(plan, event.step), state, terms),
      ];
    case "step-failed":
      return beginning(repeatedOf(plan, event.step), state, terms);
    case "step-finished":
    case "step-skipped":
      return [
        ...opening(followingOf(plan, event.step)?.openings ?? [], state, terms),
        ...beginning(repeatedOf(plan, event.step), state, terms),
      ];
    case "wait-opened":
    case "wait-answered": {
      const { status, wait } = stepOf(state, event.step) ?? {};
      if (status !== "open" || wait?.told === undefined) return [];
      return [{ type: "step-finished", step: event.step, output: wait.answer }];
    }
    default:
      return [];
  }
}

type Needed = Pick<Terms, "codec" | "now" | "dated">;

function openingAll(plan: WorkflowPlan, state: RunState, terms: Needed): readonly (StepDecision | StepFinished)[] {
  const all = allOpenings(plan, state);
  return [...opening(all, state, terms), ...all.flatMap((step) => beginning(step, state, terms))];
}

/** The items of an each that are workflows, and for which there is room, begin; a loop whose rounds are workflows goes on, or ends. */
function beginning(
  step: PlannedOpening | undefined,
  state: RunState,
  { codec }: Needed,
): readonly (StepDecision | StepFinished)[] {
  if (step === undefined || bodyOf(step) === undefined) return [];
  if (step.kind === "each") return itemsToStart(step, state, codec);
  return step.kind === "loop" ? roundToStart(step, state, codec) : [];
}

function opening(
  openings: readonly PlannedOpening[],
  state: RunState,
  { codec, now, dated }: Needed,
): readonly StepDecision[] {
  const { coordination: by, epoch } = state;
  return openings
    .filter(({ name }) => isReady(state, name))
    .map((step) => decide(step, { by, epoch, sources: sourcesIn(state, step) }, codec, dated(now())));
}

/** The end of a pause, or of a wait that was not answered in time. */
export function expire(
  plan: WorkflowPlan,
  state: RunState,
  name: string,
  { codec }: Pick<Terms, "codec">,
): StepFinished | StepFailed | undefined {
  const step = openingAt(plan, name);
  if (step === undefined || (step.kind !== "wait" && step.kind !== "pause")) return undefined;
  if (step.kind === "pause") return { type: "step-finished", step: name, output: undefined };
  const { epoch } = state;
  try {
    if (step.otherwise === undefined) throw notAnswered(name, step.timeout);
    const output = standIn(step, decodeSources(sourcesIn(state, step).payloads, codec), codec);
    return { type: "step-finished", step: name, output, isExpired: true };
  } catch (error) {
    return { type: "step-failed", step: name, error: encodeError(error), epoch };
  }
}

function notAnswered(wait: string, timeout: number | undefined): TroupeError {
  return new TroupeError("timed-out", `the wait "${wait}" was not answered within ${String(timeout)} ms`, {
    details: { step: wait, ...(timeout === undefined ? {} : { timeout }) },
  });
}
