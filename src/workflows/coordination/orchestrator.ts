/** The orchestrator: decides from a run's state what is to be done next. It is asked after every event. */

import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import type { PlannedStep, WorkflowPlan } from "./workflow-plan.ts";
import type { Claim, RunEvent, StepFailed } from "../history/run-event.ts";
import { attemptOf, isReady, isResting, nextToCompensate, stepOf } from "../history/run-progress.ts";
import type { RunState } from "../history/run-state.ts";
import { sourcesIn, startStep } from "./step-start.ts";

/** What the orchestrator proposes: to start a step or a compensation, or to fail a step whose input can't be made. */
export type Decision = Claim | StepFailed;

/**
 * Returns what is to be done in a run now: all steps that can start, or the one compensation whose turn it is; what waits to be
 * tried again comes when its time has come, by {@link orchestrateDue}. Pure: the
 * same state gives the same decisions, so it may be asked again at any time, as it is at a hand-over.
 *
 * @param after the event that it is asked after, if all that could start before it has started: only the steps that it may
 * have made ready are looked at.
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

/** Among these are all steps that can start because of an event. */
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

/** The next attempt at what waits for it, now that its time has come. */
export function orchestrateDue(state: RunState, name: string): Claim | undefined {
  const { epoch } = state;
  const step = stepOf(state, name);
  if (step === undefined) return undefined;
  const claim = { step: name, by: "orchestrator", epoch, attempt: attemptOf(step) + 1 } as const;
  if (step.status === "waiting") return { type: "step-started", input: step.input, ...claim };
  return step.status === "undo-waiting" ? { type: "compensation-started", ...claim } : undefined;
}
