/**
 * What the supervisor decides about waits, pauses, sub-workflows, eaches and loops, under either coordination alike: whether they open, and how waits and
 * pauses end. Pure. No agent takes part in it.
 */

import { encodeError } from "../../errors/error-codec.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { RunEvent, StepFailed, StepFinished } from "../history/run-event.ts";
import { isReady, stepOf } from "../history/run-progress.ts";
import type { RunState } from "../history/run-state.ts";
import type { Terms } from "./conclude.ts";
import { decide, sourcesIn, standIn, type StepDecision } from "./decide.ts";
import { decodeSources } from "./pure-calls.ts";
import { followingOf, type PlannedOpening, type WorkflowPlan } from "./workflow-plan.ts";

/**
 * Returns what follows from a run's newest event for the steps that no agent does: one that is ready opens, and a wait that has its answer
 * finishes.
 */
export function followOpenings(
  plan: WorkflowPlan,
  state: RunState,
  event: RunEvent,
  terms: Pick<Terms, "codec" | "now" | "dated">,
): readonly (StepDecision | StepFinished)[] {
  switch (event.type) {
    case "definition-changed":
    case "run-released":
    case "run-recovered":
      return opening(plan.openings, state, terms);
    case "run-started":
      return opening(event.fork === undefined ? (plan.scopes.get("")?.openings ?? []) : plan.openings, state, terms);
    case "step-started":
      return opening(plan.scopes.get(event.step)?.openings ?? [], state, terms);
    case "step-finished":
    case "step-skipped":
      return opening(followingOf(plan, event.step)?.openings ?? [], state, terms);
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

function opening(
  openings: readonly PlannedOpening[],
  state: RunState,
  { codec, now, dated }: Pick<Terms, "codec" | "now" | "dated">,
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
  const step = plan.opening.get(name);
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
