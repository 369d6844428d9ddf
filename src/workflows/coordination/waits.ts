/**
 * What the supervisor decides about waits and pauses, under either coordination alike: whether they open, and how they end. Pure. No agent
 * takes part in it.
 */

import { encodeError } from "../../errors/error-codec.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { RunEvent, StepFailed, StepFinished } from "../history/run-event.ts";
import { isReady, stepOf } from "../history/run-progress.ts";
import type { RunState } from "../history/run-state.ts";
import type { Terms } from "./conclude.ts";
import { decide, decodeSources, sourcesIn, standIn, type StepDecision } from "./decide.ts";
import { followingOf, type PlannedWait, type WorkflowPlan } from "./workflow-plan.ts";

/** Returns what follows from a run's newest event for its waits: a wait that is ready opens, and a wait that has its answer finishes. */
export function followWaits(
  plan: WorkflowPlan,
  state: RunState,
  event: RunEvent,
  terms: Pick<Terms, "codec" | "now" | "dated">,
): readonly (StepDecision | StepFinished)[] {
  switch (event.type) {
    case "run-started":
      return opening(plan.waits, state, terms);
    case "step-finished":
    case "step-skipped":
      return opening(followingOf(plan, event.step)?.waits ?? [], state, terms);
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
  waits: readonly PlannedWait[],
  state: RunState,
  { codec, now, dated }: Pick<Terms, "codec" | "now" | "dated">,
): readonly StepDecision[] {
  const { coordination: by, epoch } = state;
  return waits
    .filter(({ name }) => isReady(state, name))
    .map((wait) => decide(wait, { by, epoch, sources: sourcesIn(state, wait) }, codec, dated(now())));
}

/** The end of a pause, or of a wait that was not answered in time. */
export function expire(
  plan: WorkflowPlan,
  state: RunState,
  name: string,
  { codec }: Pick<Terms, "codec">,
): StepFinished | StepFailed | undefined {
  const step = plan.wait.get(name);
  if (step === undefined) return undefined;
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
