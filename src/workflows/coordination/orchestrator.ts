/** The orchestrator: decides from a run's state what to do next. It is called after every event. */

import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import {
  allOpenings,
  followingOf,
  type PlannedEach,
  type PlannedLoop,
  type PlannedStep,
  repeatedOf,
  scopeAt,
  stepsToStart,
  type WorkflowPlan,
} from "./workflow-plan.ts";
import { bodyOf } from "../definition/steps-of-run.ts";
import { itemsToStart, roundToStart } from "./parts.ts";
import type { Claim, RunEvent, StepFailed, StepFinished, StepSkipped } from "../history/run-event.ts";
import { attemptOf, isReady, isResting, nextToCompensate, stepOf } from "../history/run-progress.ts";
import type { RunState } from "../history/run-state.ts";
import { decide, sourcesIn } from "./decide.ts";

/** A proposal of the orchestrator: to start a step or a compensation, to skip a step, to end a loop, or to fail a step whose input can't be made. */
export type Decision = Claim | StepSkipped | StepFinished | StepFailed;

/**
 * Returns what to do in a run now: of all steps of agents that are ready whether they start, which items do, and how loops go on; or the one compensation whose turn it is. Further attempts
 * come from {@link orchestrateDue} when their time has come. Pure: the same state gives the same decisions, so it may
 * be called again at any time, as at a hand-over.
 *
 * @param after the newest event, if all steps that were ready before it are decided: then only the steps that it may
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
    const ready = stepsMadeReady(plan, state, after)
      .filter(({ name }) => isReady(state, name))
      .map((step) => decide(step, { by: "orchestrator", epoch, sources: sourcesIn(state, step) }, codec));
    const parts = repeatedBy(plan, state, after).flatMap((step): readonly Decision[] =>
      step.kind === "each" ? itemsToStart(step, state, codec) : roundToStart(step, state, codec),
    );
    return parts.length === 0 ? ready : [...ready, ...parts];
  }
  const next = nextToCompensate(state);
  if (next === undefined || isResting(state)) return [];
  return [{ type: "compensation-started", step: next, by: "orchestrator", epoch }];
}

/** A superset of the steps that can be decided because of the event. */
function stepsMadeReady(plan: WorkflowPlan, state: RunState, event: RunEvent | undefined): readonly PlannedStep[] {
  switch (event?.type) {
    case undefined:
    case "run-recovered":
    case "coordination-switched":
    case "definition-changed":
    case "run-released":
      return stepsToStart(plan, state);
    case "run-started":
      return event.fork !== undefined ? stepsToStart(plan, state) : (scopeAt(plan, "")?.dependents ?? []);
    case "step-started":
      return scopeAt(plan, event.step)?.dependents ?? [];
    case "step-finished":
    case "step-skipped":
      return followingOf(plan, event.step)?.dependents ?? [];
    default:
      return [];
  }
}

/** A superset of the eaches of which agents can start items, and of the loops that can go on, because of the event. */
function repeatedBy(
  plan: WorkflowPlan,
  state: RunState,
  event: RunEvent | undefined,
): readonly (PlannedEach | PlannedLoop)[] {
  if (plan.parts.size === 0) return [];
  switch (event?.type) {
    case undefined:
    case "run-recovered":
    case "coordination-switched":
    case "definition-changed":
    case "run-released":
      return allRepeated(plan, state);
    case "run-started":
      return event.fork === undefined ? [] : allRepeated(plan, state);
    case "step-started":
    case "step-finished":
    case "step-failed": {
      const step = repeatedOf(plan, event.step);
      return step !== undefined && isByAgents(step) ? [step] : [];
    }
    default:
      return [];
  }
}

function allRepeated(plan: WorkflowPlan, state: RunState): readonly (PlannedEach | PlannedLoop)[] {
  return allOpenings(plan, state).filter(
    (step) => (step.kind === "each" || step.kind === "loop") && isByAgents(step),
  ) as (PlannedEach | PlannedLoop)[];
}

/** True for an each and a loop that agents do. */
function isByAgents(step: PlannedEach | PlannedLoop): boolean {
  return bodyOf(step) === undefined;
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
