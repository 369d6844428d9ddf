/** The orchestrator: decides from a run's state what to do next. It is called after every event. */

import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import type { PlannedStep, WorkflowPlan } from "./workflow-plan.ts";
import type { Claim, RunEvent, StepFailed } from "../history/run-event.ts";
import { attemptOf, isReady, isResting, nextToCompensate, stepOf } from "../history/run-progress.ts";
import type { RunState } from "../history/run-state.ts";
import { sourcesIn, startStep } from "./step-start.ts";

/** A proposal of the orchestrator: to start a step or a compensation, or to fail a step whose input can't be made. */
export type Decision = Claim | StepFailed;

/**
 * Returns what to do in a run now: all steps that can start, or the one compensation whose turn it is. Further attempts
 * come from {@link orchestrateDue} when their time has come. Pure: the same state gives the same decisions, so it may
 * be called again at any time, as at a hand-over.
 *
 * @param after the newest event, if all steps that could start before it have started: then only the steps that it may
 * have made ready are checked.
 */
export function orchestrate(
  plan: WorkflowPlan,
  state: RunState,
  codec: PayloadCodec,
  after?: RunEvent,
): readonly Decision[] {
  const { epoch } = state;
  if (state.status === "running") {
    return stepsMadeReady(plan, after)
      .filter(({ name }) => isReady(state, name))
      .map((step) => startStep(step, { by: "orchestrator", epoch, sources: sourcesIn(state, step) }, codec));
  }
  const next = nextToCompensate(state);
  if (next === undefined || isResting(state)) return [];
  return [{ type: "compensation-started", step: next, by: "orchestrator", epoch }];
}

/** A superset of the steps that can start because of the event. */
function stepsMadeReady({ steps, step }: WorkflowPlan, event: RunEvent | undefined): readonly PlannedStep[] {
  switch (event?.type) {
    case undefined:
    case "run-started":
    case "run-recovered":
    case "coordination-switched":
      return steps;
    case "step-finished":
      return step.get(event.step)?.dependents ?? [];
    default:
      return [];
  }
}

/** The next attempt at a step or compensation that waits for it, now that its time has come. */
export function orchestrateDue(state: RunState, name: string): Claim | undefined {
  const { epoch } = state;
  const step = stepOf(state, name);
  if (step === undefined) return undefined;
  const claim = { step: name, by: "orchestrator", epoch, attempt: attemptOf(step) + 1 } as const;
  if (step.status === "waiting") return { type: "step-started", input: step.input, ...claim };
  return step.status === "undo-waiting" ? { type: "compensation-started", ...claim } : undefined;
}
