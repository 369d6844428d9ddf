/** A workflow's plan: each step with the steps that need it, and the participants. */

import type { AgentDefinition } from "../../agents/agent-definition.ts";
import type { StepOutline } from "../history/run-event.ts";
import { type OfRun, stepsOfRun } from "../definition/steps-of-run.ts";
import { fingerprintOf } from "../definition/workflow-fingerprint.ts";
import type {
  AgentStep,
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

/** A wait, a pause or a sub-workflow. */
export type PlannedOpening = OfRun<WaitStep | PauseStep | SubWorkflowStep> & Following;

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
  /** The waits, pauses and sub-workflows, in the order declared. */
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
    }
  }
  const { module, name, version } = workflow;
  return {
    workflow,
    id: { module, name, version },
    steps,
    step: new Map(steps.map((step) => [step.name, step])),
    openings,
    opening: new Map(openings.map((opening) => [opening.name, opening])),
    scopes,
    participants: participantsOf(steps),
    outlines: all.map(outlineOf),
    fingerprint: fingerprintOf(workflow),
  };
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
  if (step.kind !== "agent") return { name, kind: step.kind, after, ...conditions, compensable: false };
  const { agent, isPivot } = step;
  return {
    name,
    agent: `${agent.name}@${agent.version}`,
    after,
    ...conditions,
    compensable: agent.compensate !== undefined,
    ...(agent.compensateUnknown === undefined ? {} : { undoesUnknown: true }),
    ...(isPivot ? { isPivot } : {}),
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
