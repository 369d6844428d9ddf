/** The orchestrator: decides from a run's state what to do next. It is called after every event. */

import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import {
  followingOf,
  type PlannedEach,
  type PlannedLoop,
  type PlannedStep,
  repeatedOf,
  type WorkflowPlan,
} from "./workflow-plan.ts";
import { decideItems, listOf, type MadeList } from "./lists.ts";
import { decideRound, type RoundDecision } from "./rounds.ts";
import { rangeToStart } from "../history/run-items.ts";
import { betweenRounds } from "../history/run-rounds.ts";
import type { Claim, RunEvent, StepFailed, StepFinished, StepSkipped, StepStarted } from "../history/run-event.ts";
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
    const ready = stepsMadeReady(plan, after)
      .filter(({ name }) => isReady(state, name))
      .map((step) => decide(step, { by: "orchestrator", epoch, sources: sourcesIn(state, step) }, codec));
    const parts = repeatedBy(plan, after).flatMap((step): readonly Decision[] =>
      step.kind === "each" ? itemsToStart(step, state, codec) : roundToStart(step, state, codec),
    );
    return parts.length === 0 ? ready : [...ready, ...parts];
  }
  const next = nextToCompensate(state);
  if (next === undefined || isResting(state)) return [];
  return [{ type: "compensation-started", step: next, by: "orchestrator", epoch }];
}

/** A superset of the steps that can be decided because of the event. */
function stepsMadeReady(plan: WorkflowPlan, event: RunEvent | undefined): readonly PlannedStep[] {
  switch (event?.type) {
    case undefined:
    case "run-recovered":
    case "coordination-switched":
    case "definition-changed":
    case "run-released":
      return plan.steps;
    case "run-started":
      return event.fork !== undefined ? plan.steps : (plan.scopes.get("")?.dependents ?? []);
    case "step-started":
      return plan.scopes.get(event.step)?.dependents ?? [];
    case "step-finished":
    case "step-skipped":
      return followingOf(plan, event.step)?.dependents ?? [];
    default:
      return [];
  }
}

/** A superset of the eaches of which items can start, and of the loops that can go on, because of the event. */
function repeatedBy(plan: WorkflowPlan, event: RunEvent | undefined): readonly (PlannedEach | PlannedLoop)[] {
  if (plan.parts.size === 0) return [];
  switch (event?.type) {
    case undefined:
    case "run-recovered":
    case "coordination-switched":
    case "definition-changed":
    case "run-released":
      return allRepeated(plan);
    case "run-started":
      return event.fork === undefined ? [] : allRepeated(plan);
    case "step-started":
    case "step-finished":
    case "step-failed": {
      const step = repeatedOf(plan, event.step);
      return step === undefined ? [] : [step];
    }
    default:
      return [];
  }
}

function allRepeated({ openings }: WorkflowPlan): readonly (PlannedEach | PlannedLoop)[] {
  return openings.filter((step) => step.kind === "each" || step.kind === "loop");
}

function itemsToStart(each: PlannedEach, state: RunState, codec: PayloadCodec): readonly (StepStarted | StepFailed)[] {
  const range = rangeToStart(state, each.name);
  if (range === undefined || range.from === range.to) return [];
  const { epoch } = state;
  const list = (): MadeList => listOf(each, range.items, () => sourcesIn(state, each), codec);
  return decideItems(each, range, { by: "orchestrator", epoch }, list, codec);
}

function roundToStart(loop: PlannedLoop, state: RunState, codec: PayloadCodec): readonly RoundDecision[] {
  const between = betweenRounds(state, loop.name);
  if (between === undefined) return [];
  const { epoch } = state;
  return [decideRound(loop, between, { by: "orchestrator", epoch, sources: sourcesIn(state, loop) }, codec)];
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
