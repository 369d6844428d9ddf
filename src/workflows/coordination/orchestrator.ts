/** The orchestrator: decides from a run's state what is to be done next. It is asked after every event. */

import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import type { WorkflowPlan } from "./workflow-plan.ts";
import type { Claim, StepFailed } from "../history/run-event.ts";
import { attemptOf, isReady, isResting, nextToCompensate } from "../history/run-progress.ts";
import type { RunState } from "../history/run-state.ts";
import { sourcesIn, startStep } from "./step-start.ts";

/** What the orchestrator proposes: to start a step or a compensation, or to fail a step whose input can't be made. */
export type Decision = Claim | StepFailed;

/**
 * Returns what is to be done in a run now: all steps that can start, or the one compensation whose turn it is; what waits to be
 * tried again comes when its time has come, by {@link orchestrateDue}. Pure: the
 * same state gives the same decisions, so it may be asked again at any time, as it is at a hand-over.
 */
export function orchestrate(plan: WorkflowPlan, state: RunState, codec: PayloadCodec): readonly Decision[] {
  const { epoch } = state;
  if (state.status === "running") {
    return plan.steps
      .filter(({ name }) => isReady(state, name))
      .map((step) => startStep(step, { by: "orchestrator", epoch, sources: sourcesIn(state, step) }, codec));
  }
  const next = nextToCompensate(state);
  if (next === undefined || isResting(state)) return [];
  return [{ type: "compensation-started", step: next, by: "orchestrator", epoch }];
}

/** The next attempt at what waits for it, now that its time has come. */
export function orchestrateDue({ epoch, steps }: RunState, name: string): Claim | undefined {
  const step = steps[name];
  if (step === undefined) return undefined;
  const claim = { step: name, by: "orchestrator", epoch, attempt: attemptOf(step) + 1 } as const;
  if (step.status === "waiting") return { type: "step-started", input: step.input, ...claim };
  return step.status === "undo-waiting" ? { type: "compensation-started", ...claim } : undefined;
}
