/** The relay: works out which participants an accepted event concerns, and the message for each. It decides nothing. */

import type { Mutable } from "../../values/mutable.ts";
import { bodyOf, partAround } from "../definition/steps-of-run.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import {
  agentKey,
  agentStepOf,
  allOpenings,
  followingOf,
  openingAt,
  participantsOf,
  partsOf,
  type PlannedEach,
  type PlannedLoop,
  type PlannedParticipant,
  type PlannedStep,
  repeatedOf,
  scopeAt,
  stepsToStart,
  type WorkflowPlan,
} from "./workflow-plan.ts";
import type { Due, OwnStep, Relay, RelayedEvent } from "./coordination-protocol.ts";
import type { RunEvent, RunStarted, StepStarted } from "../history/run-event.ts";
import {
  attemptOf,
  hasNoOutput,
  awaitsSteps,
  isResting,
  remainingCompensations,
  statusOf,
  stepOf,
} from "../history/run-progress.ts";
import { isHeldBack, type RunState } from "../history/run-state.ts";
import { rangeToStart } from "../history/run-items.ts";
import { betweenRounds } from "../history/run-rounds.ts";
import { outputAt } from "../history/run-outputs.ts";
import { placeOf, stepAt } from "../steps/run-places.ts";
import { isAbsent, isSettled, type StepState } from "../steps/step-state.ts";

/** A message and the participant it is for. */
export interface Forward<M extends Relay | Due = Relay> {
  readonly agent: AgentDefinition;
  readonly message: M;
}

/** The run whose events are relayed: its id, its workflow, its state after the events. */
export interface RelayedRun {
  readonly run: string;
  readonly plan: WorkflowPlan;
  readonly state: RunState;
}

/**
 * The messages that follow from one accepted event. Going forward, a participant is told of the start of the run, and of each sub-workflow
 * that it has steps in, and when the steps settle that its own steps come after. Going backward, the participants with something to undo are told of each step
 * undone, once nothing is in flight.
 */
export function forward(relayed: RelayedRun, event: RunEvent): readonly Forward[] {
  const { plan, state } = relayed;
  if (state.status === "compensating")
    return event.type === "compensation-started" || isResting(state) ? [] : backward(relayed, false);
  if (state.status !== "running" || isHeldBack(state)) return [];
  switch (event.type) {
    case "run-started":
    case "step-started": {
      const begun = scopeAt(plan, event.type === "run-started" ? "" : event.step)?.dependents ?? [];
      const told = participantsOf(begun).map((to) => relayTo(relayed, to, [beginningOf(event)], false));
      const step = event.type === "run-started" ? undefined : openingAt(plan, event.step);
      if (step?.kind === "loop") return forwardRound(relayed, step, true, false);
      return step?.kind === "each" ? forwardItems(relayed, step, true, false) : told;
    }
    case "step-failed":
    case "loop-told":
      return forwardParts(relayed, event.step);
    case "step-finished":
    case "step-skipped": {
      const dependents = followingOf(plan, event.step)?.dependents ?? [];
      const settled = settledIn(state, event.step);
      const told = participantsOf(dependents).map((to) => relayTo(relayed, to, settled, false));
      if (openingAt(plan, event.step)?.kind === "loop") return [...told, ...forwardEnd(relayed, event.step, settled)];
      const parts = forwardParts(relayed, event.step);
      return parts.length === 0 ? told : [...told, ...parts];
    }
    default:
      return [];
  }
}

/**
 * The messages from which participants can go on with a run in any state: everything they would have got, had the run
 * been relayed from its start. For all participants, or for the one whose key is given.
 */
export function handOver(relayed: RelayedRun, key?: string): readonly Forward[] {
  const { plan, state } = relayed;
  const isConcerned = (to: { readonly key: string }): boolean => key === undefined || to.key === key;
  if (state.status === "compensating") return isResting(state) ? [] : backward(relayed, true, isConcerned);
  if (state.status !== "running" || isHeldBack(state)) return [];
  const pending = stepsToStart(plan, state).filter(
    ({ name, scope }) => statusOf(state, name) === "pending" && (scope === "" || statusOf(state, scope) === "open"),
  );
  const steps = inParts(pending).flatMap((of) =>
    participantsOf(of)
      .filter(isConcerned)
      .map((to) => relayTo(relayed, to, [...begunAround(to.steps, state), ...settledBefore(to.steps, state)], true)),
  );
  const parts = allOpenings(plan, state).flatMap((step): readonly Forward[] => {
    if (step.kind === "loop") return forwardRound(relayed, step, true, true, isConcerned);
    return step.kind === "each" && step.does.kind === "agent" && isConcerned({ key: agentKey(step.does) })
      ? forwardItems(relayed, step, true, true)
      : [];
  });
  return [...steps, ...parts];
}

/** The steps by the innermost item or round that they are in: participants gather events for each of these apart. */
function inParts(steps: readonly PlannedStep[]): readonly (readonly PlannedStep[])[] {
  const parts = new Map<string, PlannedStep[]>();
  for (const step of steps) {
    const part = partAround(step.name)?.part ?? "";
    const own = parts.get(part);
    if (own === undefined) parts.set(part, [step]);
    else own.push(step);
  }
  return [...parts.values()];
}

/** Tells of what may follow in the each or the loop at a path, or of the item or the round at it. */
function forwardParts(relayed: RelayedRun, path: string): readonly Forward[] {
  const step = repeatedOf(relayed.plan, path);
  if (step === undefined || bodyOf(step) !== undefined) return [];
  return step.kind === "each" ? forwardItems(relayed, step, false, false) : forwardRound(relayed, step, false, false);
}

/** Tells the agent of an each which items may start; with all that they are decided from, where it doesn't have that yet. */
function forwardItems(
  relayed: RelayedRun,
  each: PlannedEach,
  withSources: boolean,
  isHandOver: boolean,
): readonly Forward[] {
  const { plan, state } = relayed;
  const [item] = partsOf(plan, each.name).values();
  const range = item === undefined ? undefined : rangeToStart(state, each.name);
  if (range === undefined || item === undefined || (range.from === range.to && !withSources)) return [];
  const due = {
    type: "items-due",
    step: each.name,
    ...range,
    ...(withSources ? { withSources } : {}),
  } as const;
  const before = withSources ? [...begunAround([item], state), ...settledBefore([item], state)] : [];
  const to = { agent: item.agent, key: item.agentKey, steps: [item] };
  return [relayTo(relayed, to, [...before, due], isHandOver)];
}

/**
 * Tells the agents of an open loop that what follows is to be decided; with all that it is decided from, where they don't have that yet. While
 * a round is in flight, only that is told.
 */
function forwardRound(
  relayed: RelayedRun,
  loop: PlannedLoop,
  withSources: boolean,
  isHandOver: boolean,
  isConcerned: (to: PlannedParticipant) => boolean = () => true,
): readonly Forward[] {
  const { plan, state } = relayed;
  if (statusOf(state, loop.name) !== "open") return [];
  const rounds = partsOf(plan, loop.name);
  const between = betweenRounds(state, loop.name);
  if (between === undefined && !withSources) return [];
  return participantsOf([...rounds.values()]).flatMap((to, index) => {
    if (!isConcerned(to)) return [];
    const [one] = to.steps;
    const steps = one === undefined ? [] : [one];
    const before = withSources ? [...begunAround(steps, state), ...settledBefore(steps, state)] : [];
    const as = [...rounds].flatMap(([who, { agentKey: key }]) => (key === to.key ? [who] : []));
    const ends = index === 0 ? { ends: true as const } : {};
    const due = between === undefined ? [] : [{ type: "round-due", step: loop.name, between, as, ...ends } as const];
    return [relayTo(relayed, { ...to, steps }, [...before, ...due], isHandOver)];
  });
}

/** Tells the agents of a loop that it has ended: what they gathered for it isn't needed any more. */
function forwardEnd(relayed: RelayedRun, loop: string, settled: readonly RelayedEvent[]): readonly Forward[] {
  const rounds = partsOf(relayed.plan, loop).values();
  return participantsOf([...rounds]).map((to) => relayTo(relayed, { ...to, steps: [] }, settled, false, loop));
}

function beginningOf(event: RunStarted | StepStarted): RelayedEvent {
  const { input } = event;
  return event.type === "run-started" ? { type: event.type, input } : { type: event.type, step: event.step, input };
}

/** That the run, and the sub-workflows that the steps belong to, have begun. */
function begunAround(steps: readonly PlannedStep[], state: RunState): readonly RelayedEvent[] {
  return [...new Set(steps.map(({ scope }) => scope))].map((scope) =>
    scope === ""
      ? { type: "run-started", input: state.input }
      : { type: "step-started", step: scope, input: stepOf(state, scope)?.input },
  );
}

/** The messages that tell participants that the next attempt at a step or a compensation is due. */
export function forwardDue(relayed: RelayedRun, name: string): readonly Forward<Relay | Due>[] {
  const { run, plan, state } = relayed;
  const step = stepOf(state, name);
  const agent = agentStepOf(plan, state, name)?.agent;
  if (step === undefined || agent === undefined) return [];
  if (step.status === "undo-waiting") return backward(relayed, true);
  const { epoch } = state;
  const { input } = step;
  return [
    {
      agent,
      message: { type: "due", run, epoch, handOver: false, step: name, input, attempt: attemptOf(step) + 1 },
    },
  ];
}

function backward(
  relayed: RelayedRun,
  isHandOver: boolean,
  isConcerned: (to: PlannedParticipant) => boolean = () => true,
): readonly Forward[] {
  const { plan, state } = relayed;
  if (awaitsSteps(state)) return []; // nothing can be decided yet
  const remaining = remainingCompensations(state);
  const steps = remaining.flatMap((name) => agentStepOf(plan, state, name) ?? []);
  return participantsOf(steps)
    .filter(isConcerned)
    .map((to) => {
      const own = to.steps.map(({ name }) => ownStep(name, stepOf(state, name)));
      return relayTo(relayed, to, [{ type: "run-compensating", remaining, own }], isHandOver);
    });
}

/** The data that a participant needs to undo a step of its own. */
export function ownStep(name: string, step: StepState | undefined): OwnStep {
  const { input, output } = step ?? {};
  const attempt = attemptToUndo(step);
  return {
    step: name,
    input,
    output,
    ...(step !== undefined && hasNoOutput(step) ? { isUnknown: true } : {}),
    ...(attempt === undefined ? {} : { attempt }),
  };
}

/**
 * The number of the compensation's attempt. Before the compensation has begun, the step's `attempt` counts attempts at
 * the step itself.
 */
function attemptToUndo(step: StepState | undefined): number | undefined {
  if (step?.status === "undo-waiting") return attemptOf(step) + 1;
  return step?.status === "compensating" ? step.attempt : undefined;
}

function settledBefore(steps: readonly PlannedStep[], state: RunState): readonly RelayedEvent[] {
  const sources = new Set(steps.flatMap(({ after }) => after));
  return [...sources].flatMap((name) => settledIn(state, name));
}

/** That a step has settled, if it has. */
function settledIn(state: RunState, name: string): readonly RelayedEvent[] {
  const place = placeOf(state.steps, name);
  const step = place === undefined ? undefined : stepAt(state.steps, place);
  if (place === undefined || step === undefined || !isSettled(step)) return [];
  const settled = { type: "step-settled", step: name, output: outputAt(state.steps, place) } as const;
  return [isAbsent(step) ? { ...settled, isAbsent: true } : settled];
}

/** @param about the path of what it is about; default: the first of the steps, all of which are in the same item or round. */
function relayTo(
  { run, plan, state }: RelayedRun,
  to: PlannedParticipant,
  events: readonly RelayedEvent[],
  isHandOver: boolean,
  about = to.steps[0]?.name ?? "",
): Forward {
  const { epoch } = state;
  const { id: workflow } = plan;
  const steps = to.steps.map(({ name }) => name);
  const message: Mutable<Relay> = { type: "relay", run, epoch, workflow, steps, events, handOver: isHandOver };
  const within = partAround(about);
  if (within !== undefined) message.part = within.part;
  return { agent: to.agent, message };
}
