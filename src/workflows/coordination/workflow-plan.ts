/** A workflow's plan: each step with the steps that need it, and the participants. */

import type { AgentDefinition } from "../../agents/agent-definition.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { type RunSteps, segmentSize, type StepState } from "../steps/step-state.ts";
import type { StepOutline } from "../steps/step-outline.ts";
import {
  anyOf,
  bodyOf,
  anyPartOf,
  everyStepOf,
  isInPart,
  nameOf,
  type OfRun,
  pathIn,
  placedAt,
  scopeOf,
  stepAmong,
  stepsOfRun,
  wholeOf,
} from "../definition/steps-of-run.ts";
import { stepOf } from "../history/run-progress.ts";
import type { RunState } from "../history/run-state.ts";
import { digestOf, fingerprintOf } from "../definition/workflow-fingerprint.ts";
import type {
  AgentStep,
  EachStep,
  LoopStep,
  PauseStep,
  StepDefinition,
  SubWorkflowStep,
  WaitStep,
  WorkflowDefinition,
  WorkflowId,
} from "../definition/workflow-definition.ts";

/** What follows: steps of agents, which either coordination decides, and those that the supervisor opens under both, as no agent does them. */
export interface Following {
  readonly dependents: readonly PlannedStep[];
  readonly openings: readonly PlannedOpening[];
}

/** A step of an agent. */
export interface PlannedStep extends OfRun<AgentStep> {
  /** The participant that performs it; see {@link agentKey}. */
  readonly agentKey: string;
}

/** A wait, a pause, a sub-workflow, an each or a loop. */
export type PlannedOpening = OfRun<WaitStep | PauseStep | SubWorkflowStep | EachStep | LoopStep>;

/** An each. */
export type PlannedEach = OfRun<EachStep>;

/** A loop. */
export type PlannedLoop = OfRun<LoopStep>;

/** An agent that takes part in a workflow, with its steps. */
export interface PlannedParticipant {
  readonly agent: AgentDefinition;
  readonly key: string;
  readonly steps: readonly PlannedStep[];
}

/** The index that both coordinations use; made once per workflow. What items and rounds have of steps is in it once, by the path of any: `check[]/score`. */
export interface WorkflowPlan {
  readonly workflow: WorkflowDefinition;
  /** How threads find the workflow now. An older run may have been started from another module. */
  readonly id: WorkflowId;
  /** The steps of agents, in the order declared; without those of items and rounds. */
  readonly steps: readonly PlannedStep[];
  /** By path. */
  readonly step: ReadonlyMap<string, PlannedStep>;
  /** What comes after a step, by its path. */
  readonly following: ReadonlyMap<string, Following>;
  /** What agents do for each item or in each round, by the path of the each or the loop, and by the name that the agent has there. */
  readonly parts: ReadonlyMap<string, ReadonlyMap<string, PlannedStep>>;
  /** The waits, pauses, sub-workflows, eaches and loops, in the order declared; without those of items and rounds. */
  readonly openings: readonly PlannedOpening[];
  readonly opening: ReadonlyMap<string, PlannedOpening>;
  /** The steps of each sub-workflow, and of any item or round that is one, by its path; and under the empty path, those of the workflow. */
  readonly scopes: ReadonlyMap<string, Following>;
  readonly participants: readonly PlannedParticipant[];
  /** The steps in the form that a run's history keeps. */
  readonly outlines: readonly StepOutline[];
  readonly fingerprint: string;
  /** A hash of the schema of the input. */
  readonly contract: string;
}

/** The identity of an agent: two definitions with the same module and name are the same agent. */
export function agentKey(agent: AgentDefinition): string {
  return `${agent.module}#${agent.name}`;
}

/** Works out a workflow's plan. */
export function planWorkflow(workflow: WorkflowDefinition): WorkflowPlan {
  const all = everyStepOf(workflow);
  const nothing = (): MutableFollowing => ({ dependents: [], openings: [] });
  const following = new Map(all.map(({ name }) => [name, nothing()]));
  const scopes = new Map([["", nothing()]]);
  const steps: PlannedStep[] = [];
  const openings: PlannedOpening[] = [];
  const parts = new Map<string, ReadonlyMap<string, PlannedStep>>();
  for (const step of all) {
    const before = [scopes.get(step.scope), ...step.after.map((name) => following.get(name))];
    if (step.kind === "agent") {
      const planned = { ...step, agentKey: agentKey(step.agent) };
      steps.push(planned);
      for (const own of before) own?.dependents.push(planned);
    } else {
      openings.push(step);
      for (const own of before) own?.openings.push(step);
      if (step.kind === "workflow") scopes.set(step.name, nothing());
      if (bodyOf(step) !== undefined) scopes.set(anyPartOf(step.kind, step.name), nothing());
      else if (step.kind === "each" && step.does.kind === "agent")
        parts.set(step.name, new Map([[step.does.name, partOf(step, step.does, step)]]));
      else if (step.kind === "loop") parts.set(step.name, roundsOf(step));
    }
  }
  const { module, name, version } = workflow;
  const isOwn = (step: OfRun): boolean => !isInPart(step.name);
  return {
    workflow,
    id: { module, name, version },
    steps: steps.filter(isOwn),
    step: new Map(steps.map((step) => [step.name, step])),
    following,
    parts,
    openings: openings.filter(isOwn),
    opening: new Map(openings.map((opening) => [opening.name, opening])),
    scopes,
    participants: participantsOf([...steps, ...[...parts.values()].flatMap((each) => [...each.values()])]),
    outlines: outlinesOf(workflow),
    fingerprint: fingerprintOf(workflow),
    contract: digestOf(workflow.input),
  };
}

function roundsOf(step: OfRun<LoopStep>): ReadonlyMap<string, PlannedStep> {
  return new Map(
    Object.entries(step.does).flatMap(([who, does]) =>
      does.kind === "agent" ? [[who, partOf(step, does, { map: step.maps[who] as AgentStep["map"] })]] : [],
    ),
  );
}

/** What an agent does for any item or in any round; nothing comes after a single one. */
function partOf(
  { name, scope, after, needs }: OfRun<EachStep | LoopStep>,
  agent: AgentDefinition,
  { map, fallback }: Pick<AgentStep, "map"> & Partial<Pick<AgentStep, "fallback">>,
): PlannedStep {
  const own = { fallback, isPivot: false, when: undefined, otherwise: undefined };
  const of = { name, scope, after, needs, agent, map };
  return { ...of, ...own, kind: "agent", agentKey: agentKey(agent) };
}

/** The step of an agent at a path, which may be that of an item, or of a round, of which the run's state says who does it. */
export function agentStepOf(plan: WorkflowPlan, state: RunState, path: string): PlannedStep | undefined {
  const step = plan.step.get(path);
  if (step !== undefined || plan.opening.size === 0) return step;
  const whole = wholeOf(path);
  if (whole === undefined) return stepAmong(plan.step, path);
  const parts = partsOf(plan, whole);
  const [only] = parts.values();
  const part = parts.size === 1 ? only : parts.get(stepOf(state, path)?.who ?? "");
  return part && { ...part, name: path };
}

/** The step at a path that the supervisor opens; `undefined` for others, and for an item and a round. */
export function openingAt({ opening }: WorkflowPlan, path: string): PlannedOpening | undefined {
  return stepAmong(opening, path);
}

/** True for what no agent does: a wait, a pause, a sub-workflow, an each, a loop, and an item or a round that is a workflow. */
export function isOpened(plan: WorkflowPlan, path: string): boolean {
  return plan.opening.has(path) || (isInPart(path) && (plan.opening.has(anyOf(path)) || plan.scopes.has(anyOf(path))));
}

/** The each or the loop at a path, or of the item or the round at it. */
export function repeatedOf(plan: WorkflowPlan, path: string): PlannedEach | PlannedLoop | undefined {
  if (plan.opening.size === 0) return undefined;
  const step = openingAt(plan, wholeOf(path) ?? path);
  return step?.kind === "each" || step?.kind === "loop" ? step : undefined;
}

/** The agents that do the items of an each, or the rounds of a loop, by the names that they have there; none where a workflow does. */
export function partsOf({ parts }: WorkflowPlan, whole: string): ReadonlyMap<string, PlannedStep> {
  if (!isInPart(whole)) return parts.get(whole) ?? nobody;
  return new Map([...(parts.get(anyOf(whole)) ?? nobody)].map(([who, part]) => [who, placedAt(part, whole)]));
}

const nobody: ReadonlyMap<string, PlannedStep> = new Map();

/** The steps of a sub-workflow, or of an item or a round that is one, at a path. */
export function scopeAt({ scopes }: WorkflowPlan, path: string): Following | undefined {
  if (!isInPart(path)) return scopes.get(path);
  return followingIn(scopes.get(anyOf(path)), path);
}

/** What comes after the step at that path, whatever its kind. */
export function followingOf({ following }: WorkflowPlan, path: string): Following | undefined {
  if (!isInPart(path)) return following.get(path);
  return followingIn(following.get(anyOf(path)), scopeOf(path));
}

/** What follows in any item or round, in that one whose steps have this scope. */
function followingIn(any: Following | undefined, scope: string): Following | undefined {
  const here = <Step extends OfRun>(step: Step): Step => placedAt(step, pathIn(scope, nameOf(step.name)));
  return any && { dependents: any.dependents.map(here), openings: any.openings.map(here) };
}

/** The steps of agents that are still to start, also those in items and rounds that have begun. */
export function stepsToStart(plan: WorkflowPlan, { steps }: RunState): readonly PlannedStep[] {
  return [...plan.steps, ...inParts(plan, steps).flatMap(({ name }) => stepAmong(plan.step, name) ?? [])];
}

/** The steps that the supervisor opens, also those in items and rounds that have begun. */
export function allOpenings(plan: WorkflowPlan, { steps }: RunState): readonly PlannedOpening[] {
  return [...plan.openings, ...inParts(plan, steps).flatMap(({ name }) => openingAt(plan, name) ?? [])];
}

/** What is in items and rounds and has not settled. */
function inParts(plan: WorkflowPlan, { outline, segments }: RunSteps): readonly StepState[] {
  const isSome = [...plan.scopes.keys()].some(isInPart);
  const first = Math.floor(outline.length / segmentSize);
  return isSome
    ? segments
        .slice(first)
        .flatMap((segment) =>
          segment.filter(({ name, status }) => (status === "pending" || status === "open") && isInPart(name)),
        )
    : [];
}

/** The participants that do rounds of loops. */
export function loopersOf({ parts, opening }: WorkflowPlan): readonly PlannedParticipant[] {
  return participantsOf(
    [...parts].flatMap(([name, doers]) => (opening.get(name)?.kind === "loop" ? [...doers.values()] : [])),
  );
}

interface MutableFollowing {
  readonly dependents: PlannedStep[];
  readonly openings: PlannedOpening[];
}

/**
 * The plan for a run that has, from the definition that it followed before, steps that are only there to be undone.
 *
 * @throws TroupeError `workflow-changed` if the definition has none of their agents in its `retired`.
 */
export function planFor(run: string, plan: WorkflowPlan, { definition, steps }: RunState): WorkflowPlan {
  const gone = steps.outline.filter(({ isRetired }) => isRetired === true);
  if (gone.length === 0) return plan;
  const retired = gone.map(({ name, agent: id }): PlannedStep => {
    const agent = plan.workflow.retired?.find((one) => `${one.name}@${one.version}` === id);
    if (agent === undefined) {
      const { workflow, fingerprint: found } = plan;
      const { name: of, version } = workflow;
      throw new TroupeError(
        "workflow-changed",
        `the run ${run} has finished "${name}", which ${of}@${version} has no more, and ${String(id)} is to undo it: the definition has to have that agent in its retired`,
        { details: { run, workflow: of, version, startedWith: definition, found, step: name } },
      );
    }
    const none = { after: [], needs: [] };
    const own = { fallback: undefined, isPivot: false, when: undefined, otherwise: undefined };
    return { kind: "agent", name, scope: "", agent, agentKey: agentKey(agent), map: () => undefined, ...none, ...own };
  });
  return {
    ...plan,
    step: new Map([...plan.step, ...retired.map((step) => [step.name, step] as const)]),
    participants: participantsOf([...plan.participants.flatMap((one) => one.steps), ...retired]),
    outlines: [...gone, ...plan.outlines],
  };
}

/** The outlines of a workflow's steps, by their paths in it. */
function outlinesOf(workflow: WorkflowDefinition): readonly StepOutline[] {
  return stepsOfRun(workflow).map(outlineOf);
}

/** The outline of a step of a run. */
function outlineOf(step: StepDefinition): StepOutline {
  const { name, after, needs, when } = step;
  const conditions = {
    ...(needs.length === 0 ? {} : { needs }),
    ...(when === undefined ? {} : { isConditional: true as const }),
  };
  if (step.kind === "agent")
    return { name, ...doerOf(step.agent), after, ...conditions, ...(step.isPivot ? { isPivot: true } : {}) };
  const own = { name, kind: step.kind, after, ...conditions, compensable: false };
  if (step.kind === "loop") {
    const rounds = Object.entries(step.does).map(([who, does]): [string, StepOutline] => [
      who,
      { name: `${name}#`, ...partOutline(does), after: [] },
    ]);
    const inbox = step.inbox === undefined ? {} : { hasInbox: true as const };
    const contract = step.inbox === undefined ? {} : { contract: digestOf(step.inbox) };
    return { ...own, ...contract, loop: { max: step.max, ...inbox, rounds: Object.fromEntries(rounds) } };
  }
  if (step.kind === "wait") return { ...own, contract: digestOf(step.answer) };
  if (step.kind === "workflow") return { ...own, contract: digestOf(step.workflow.input) };
  if (step.kind !== "each") return own;
  const { does, concurrency, max, tolerate } = step;
  const bounds = { concurrency, max, ...(tolerate === undefined ? {} : { tolerate }) };
  return { ...own, each: { ...bounds, item: { name: `${name}[]`, ...partOutline(does), after: [] } } };
}

/** What an item or a round has in its outline: by its agent, or as the workflow that it is. */
function partOutline(does: AgentDefinition | WorkflowDefinition): Omit<StepOutline, "name" | "after"> {
  return does.kind === "agent"
    ? doerOf(does)
    : { kind: "workflow", compensable: false, contract: digestOf(does.input), body: outlinesOf(does) };
}

function doerOf(agent: AgentDefinition): Pick<StepOutline, "agent" | "compensable" | "undoesUnknown" | "contract"> {
  return {
    contract: digestOf(agent.output),
    agent: `${agent.name}@${agent.version}`,
    compensable: agent.compensate !== undefined,
    ...(agent.compensateUnknown === undefined ? {} : { undoesUnknown: true }),
  };
}

/** The participants of the given steps, each once, in the order of their first step. */
export function participantsOf(steps: readonly PlannedStep[]): readonly PlannedParticipant[] {
  const byKey = new Map<string, { agent: AgentDefinition; key: string; steps: PlannedStep[] }>();
  for (const step of steps) {
    const known = byKey.get(step.agentKey);
    if (known === undefined) byKey.set(step.agentKey, { agent: step.agent, key: step.agentKey, steps: [step] });
    else known.steps.push(step);
  }
  return [...byKey.values()];
}
