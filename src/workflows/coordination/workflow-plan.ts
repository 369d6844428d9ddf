/** A workflow's plan: each step with the steps that need it, and the participants. */

import type { AgentDefinition } from "../../agents/agent-definition.ts";
import type { StepOutline } from "../history/run-event.ts";
import { itemAt, type OfRun, stepsOfRun } from "../definition/steps-of-run.ts";
import { fingerprintOf } from "../definition/workflow-fingerprint.ts";
import type {
  AgentStep,
  EachStep,
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
export interface PlannedStep extends OfRun<AgentStep>, Following {
  /** The participant that performs it; see {@link agentKey}. */
  readonly agentKey: string;
}

/** A wait, a pause, a sub-workflow or an each. */
export type PlannedOpening = OfRun<WaitStep | PauseStep | SubWorkflowStep | EachStep> & Following;

/** An each. */
export type PlannedEach = OfRun<EachStep> & Following;

/** An agent that takes part in a workflow, with its steps. */
export interface PlannedParticipant {
  readonly agent: AgentDefinition;
  readonly key: string;
  readonly steps: readonly PlannedStep[];
}

/** The index that both coordinations use; made once per workflow. */
export interface WorkflowPlan {
  readonly workflow: WorkflowDefinition;
  /** How threads find the workflow now. An older run may have been started from another module. */
  readonly id: WorkflowId;
  /** The steps of agents, in the order declared. */
  readonly steps: readonly PlannedStep[];
  /** By path. */
  readonly step: ReadonlyMap<string, PlannedStep>;
  /** What an agent does for each item, by the path of the each. */
  readonly items: ReadonlyMap<string, PlannedStep>;
  /** The waits, pauses, sub-workflows and eaches, in the order declared. */
  readonly openings: readonly PlannedOpening[];
  readonly opening: ReadonlyMap<string, PlannedOpening>;
  /** The steps of each sub-workflow, by its path; and under the empty path, those of the workflow. */
  readonly scopes: ReadonlyMap<string, Following>;
  readonly participants: readonly PlannedParticipant[];
  /** The steps in the form that a run's history keeps. */
  readonly outlines: readonly StepOutline[];
  readonly fingerprint: string;
}

/** The identity of an agent: two definitions with the same module and name are the same agent. */
export function agentKey(agent: AgentDefinition): string {
  return `${agent.module}#${agent.name}`;
}

/** Works out a workflow's plan. */
export function planWorkflow(workflow: WorkflowDefinition): WorkflowPlan {
  const all = stepsOfRun(workflow);
  const nothing = (): MutableFollowing => ({ dependents: [], openings: [] });
  const following = new Map(all.map(({ name }) => [name, nothing()]));
  const scopes = new Map([["", nothing()]]);
  const steps: PlannedStep[] = [];
  const openings: PlannedOpening[] = [];
  const items = new Map<string, PlannedStep>();
  for (const step of all) {
    const before = [scopes.get(step.scope), ...step.after.map((name) => following.get(name))];
    const after = following.get(step.name) ?? nothing();
    if (step.kind === "agent") {
      const planned = { ...step, agentKey: agentKey(step.agent), ...after };
      steps.push(planned);
      for (const own of before) own?.dependents.push(planned);
    } else {
      const planned = { ...step, ...after };
      openings.push(planned);
      for (const own of before) own?.openings.push(planned);
      if (step.kind === "workflow") scopes.set(step.name, nothing());
      if (step.kind === "each") items.set(step.name, itemOf(step));
    }
  }
  const { module, name, version } = workflow;
  return {
    workflow,
    id: { module, name, version },
    steps,
    step: new Map(steps.map((step) => [step.name, step])),
    items,
    openings,
    opening: new Map(openings.map((opening) => [opening.name, opening])),
    scopes,
    participants: participantsOf([...steps, ...items.values()]),
    outlines: all.map(outlineOf),
    fingerprint: fingerprintOf(workflow),
  };
}

/** What an agent does for any item; nothing comes after a single one. */
function itemOf({ name, scope, after, needs, agent, map }: OfRun<EachStep>): PlannedStep {
  const own = { fallback: undefined, isPivot: false, when: undefined, otherwise: undefined };
  const of = { name, scope, after, needs, agent, map };
  return { ...of, ...own, kind: "agent", agentKey: agentKey(agent), dependents: [], openings: [] };
}

/** The step of an agent at a path, which may be that of an item. */
export function agentStepOf(plan: WorkflowPlan, path: string): PlannedStep | undefined {
  const step = plan.step.get(path);
  if (step !== undefined || plan.items.size === 0) return step;
  const item = plan.items.get(itemAt(path)?.each ?? "");
  return item && { ...item, name: path };
}

/** The each at a path, or of the item at it. */
export function eachOf(plan: WorkflowPlan, path: string): PlannedEach | undefined {
  if (plan.items.size === 0) return undefined;
  const step = plan.opening.get(itemAt(path)?.each ?? path);
  return step?.kind === "each" ? step : undefined;
}

interface MutableFollowing {
  readonly dependents: PlannedStep[];
  readonly openings: PlannedOpening[];
}

/** What comes after the step at that path, whatever its kind. */
export function followingOf(plan: WorkflowPlan, name: string): Following | undefined {
  return plan.step.get(name) ?? plan.opening.get(name);
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
  if (step.kind !== "each") return own;
  const { agent, concurrency, max, tolerate } = step;
  const bounds = { concurrency, max, ...(tolerate === undefined ? {} : { tolerate }) };
  return { ...own, each: { ...bounds, item: { name: `${name}[]`, ...doerOf(agent), after: [] } } };
}

function doerOf(agent: AgentDefinition): Pick<StepOutline, "agent" | "compensable" | "undoesUnknown"> {
  return {
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
