/** The plans of workflows, each made once. */

import type { WorkflowDefinition } from "../definition/workflow-definition.ts";
import { planFor, planWorkflow, type WorkflowPlan } from "../coordination/workflow-plan.ts";
import type { RunState } from "../history/run-state.ts";
import { checkSameDefinition } from "./supervisor-errors.ts";

export class Plans {
  readonly #plans = new WeakMap<WorkflowDefinition, WorkflowPlan>();

  of(workflow: WorkflowDefinition): WorkflowPlan {
    let plan = this.#plans.get(workflow);
    if (plan === undefined) this.#plans.set(workflow, (plan = planWorkflow(workflow)));
    return plan;
  }

  /** The plan by which a run that is recorded goes on. @throws TroupeError `workflow-changed` */
  toResume(state: RunState, id: string, workflow: WorkflowDefinition): WorkflowPlan {
    const plan = planFor(id, this.of(workflow), state);
    checkSameDefinition(id, state, plan);
    return plan;
  }
}
