/** The orchestrator: decides from a run's state what is to be done next. It is asked after every event. */

import type { Payload, PayloadCodec } from "../payload-codec.ts";
import type { PlannedStep, WorkflowPlan } from "../workflow-plan.ts";
import type { Claim, StepFailed } from "./run-event.ts";
import { isReady, nextToCompensate } from "./run-machine.ts";
import type { RunState } from "./run-state.ts";
import { startStep } from "./step-start.ts";

/** What the orchestrator proposes: to start a step or a compensation, or to fail a step whose input can't be made. */
export type Decision = Claim | StepFailed;

/**
 * Returns what is to be done in a run now: all steps that can start, or the one compensation whose turn it is. Pure: the
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
  return next === undefined ? [] : [{ type: "compensation-started", step: next, by: "orchestrator", epoch }];
}

function sourcesIn(state: RunState, step: PlannedStep): Readonly<Record<string, Payload>> {
  const sources: Record<string, Payload> = { input: state.input };
  for (const name of step.after) sources[name] = state.steps[name]?.output;
  return sources;
}
