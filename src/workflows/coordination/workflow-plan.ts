/** A workflow's plan: each step with the steps that need it, and the participants. */

import type { AgentDefinition } from "../../agents/agent-definition.ts";
import type { StepOutline } from "../history/run-event.ts";
import { fingerprintOf } from "../definition/workflow-fingerprint.ts";
import type { StepDefinition, WorkflowDefinition, WorkflowId } from "../definition/workflow-definition.ts";

/** A step and the steps that come after it. */
export interface PlannedStep extends StepDefinition {
  /** The participant that performs it; see {@link agentKey}. */
  readonly agentKey: string;
  readonly dependents: readonly PlannedStep[];
}

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
  /** In the order declared. */
  readonly steps: readonly PlannedStep[];
  readonly step: ReadonlyMap<string, PlannedStep>;
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
  const dependents = new Map<string, PlannedStep[]>(workflow.steps.map(({ name }) => [name, []]));
  const steps = workflow.steps.map((step): PlannedStep => {
    const planned = { ...step, agentKey: agentKey(step.agent), dependents: dependents.get(step.name) ?? [] };
    for (const name of step.after) dependents.get(name)?.push(planned);
    return planned;
  });
  const { module, name, version } = workflow;
  return {
    workflow,
    id: { module, name, version },
    steps,
    step: new Map(steps.map((step) => [step.name, step])),
    participants: participantsOf(steps),
    outlines: steps.map(outlineOf),
    fingerprint: fingerprintOf(workflow),
  };
}

function outlineOf({ name, agent, after, needs, when, isPivot }: StepDefinition): StepOutline {
  return {
    name,
    agent: `${agent.name}@${agent.version}`,
    after,
    ...(needs.length === 0 ? {} : { needs }),
    ...(when === undefined ? {} : { isConditional: true }),
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
