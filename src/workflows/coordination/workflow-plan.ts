/** A workflow's plan: each step with the steps that need it, and the participants. */

import type { AgentDefinition } from "../../agents/agent-definition.ts";
import type { StepOutline } from "../history/run-event.ts";
import { fingerprintOf } from "../definition/workflow-fingerprint.ts";
import type {
  AgentStep,
  PauseStep,
  StepDefinition,
  WaitStep,
  WorkflowDefinition,
  WorkflowId,
} from "../definition/workflow-definition.ts";

/** What comes after a step: steps of agents, which either coordination decides, and waits, which the supervisor opens under both. */
export interface Following {
  readonly dependents: readonly PlannedStep[];
  readonly waits: readonly PlannedWait[];
}

/** A step of an agent. */
export interface PlannedStep extends AgentStep, Following {
  /** The participant that performs it; see {@link agentKey}. */
  readonly agentKey: string;
}

/** A wait or a pause. */
export type PlannedWait = (WaitStep | PauseStep) & Following;

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
  readonly step: ReadonlyMap<string, PlannedStep>;
  /** The waits and pauses, in the order declared. */
  readonly waits: readonly PlannedWait[];
  readonly wait: ReadonlyMap<string, PlannedWait>;
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
  const following = new Map(
    workflow.steps.map(({ name }) => [name, { dependents: [] as PlannedStep[], waits: [] as PlannedWait[] }]),
  );
  const steps: PlannedStep[] = [];
  const waits: PlannedWait[] = [];
  for (const step of workflow.steps) {
    const { dependents = [], waits: waiting = [] } = following.get(step.name) ?? {};
    if (step.kind === "agent") {
      const planned = { ...step, agentKey: agentKey(step.agent), dependents, waits: waiting };
      steps.push(planned);
      for (const name of step.after) following.get(name)?.dependents.push(planned);
    } else {
      const planned = { ...step, dependents, waits: waiting };
      waits.push(planned);
      for (const name of step.after) following.get(name)?.waits.push(planned);
    }
  }
  const { module, name, version } = workflow;
  return {
    workflow,
    id: { module, name, version },
    steps,
    step: new Map(steps.map((step) => [step.name, step])),
    waits,
    wait: new Map(waits.map((wait) => [wait.name, wait])),
    participants: participantsOf(steps),
    outlines: workflow.steps.map(outlineOf),
    fingerprint: fingerprintOf(workflow),
  };
}

/** What comes after the step of that name, whatever its kind. */
export function followingOf(plan: WorkflowPlan, name: string): Following | undefined {
  return plan.step.get(name) ?? plan.wait.get(name);
}

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
