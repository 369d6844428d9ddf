/** The relayed runs for which a participant gathers events, and the definitions of their workflows. */

import type { MaybePromise } from "../../async/maybe-promise.ts";
import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import type { Relay, Release } from "../coordination/coordination-protocol.ts";
import { Join, type JoinProposal, stepsByName, type StepsByName } from "../coordination/join.ts";
import type { WorkflowDefinition, WorkflowId } from "../definition/workflow-definition.ts";

/** What joins need from their host. */
export interface JoinPorts {
  /** Finds the workflow of a relayed run. */
  workflow(id: WorkflowId): MaybePromise<WorkflowDefinition>;
  readonly codec: PayloadCodec;
}

/**
 * The {@link Join}s of one participant, by run. Guarantees: messages of one workflow take effect in the order in which
 * they came, also while its definition is being looked up.
 */
export class ParticipantJoins {
  readonly #ports: JoinPorts;
  readonly #joins = new Map<string, Join>();
  readonly #workflows = new Map<string, MaybePromise<WorkflowDefinition>>();
  readonly #steps = new WeakMap<WorkflowDefinition, StepsByName>();
  #isStopped = false;

  constructor(ports: JoinPorts) {
    this.#ports = ports;
  }

  /** How many runs it is gathering events for. */
  get size(): number {
    return this.#joins.size;
  }

  /**
   * Takes in relayed events. Calls `act` with the proposals that follow, or `failed` when there is no such workflow.
   */
  relay(
    message: Relay,
    act: (proposals: readonly JoinProposal[]) => MaybePromise<void>,
    failed: (error: unknown) => MaybePromise<void>,
  ): MaybePromise<void> {
    const { run } = message;
    return this.#withWorkflow(
      message.workflow,
      (workflow) => {
        const steps = this.#stepsOf(workflow);
        const known = this.#joins.get(run);
        // a run that goes on with another definition is relayed anew
        const join = known?.isOf(steps) === true ? known : new Join(steps);
        const proposals = join.take(message, this.#ports.codec);
        if (join.isOver || this.#isStopped) this.#joins.delete(run);
        else this.#joins.set(run, join);
        return act(proposals);
      },
      failed,
    );
  }

  /**
   * Forgets the events gathered of a run. Waits for the workflow's definition, as earlier relays do, so that no join is
   * made after its release.
   */
  release({ run, workflow }: Release): MaybePromise<void> {
    const forget = (): void => void this.#joins.delete(run);
    return this.#withWorkflow(workflow, forget, forget);
  }

  /** Forgets all joins and makes no more. */
  stop(): void {
    this.#isStopped = true;
    this.#joins.clear();
  }

  #stepsOf(workflow: WorkflowDefinition): StepsByName {
    let steps = this.#steps.get(workflow);
    if (steps === undefined) this.#steps.set(workflow, (steps = stepsByName(workflow)));
    return steps;
  }

  /** Calls `use` at once if the workflow is known; otherwise calls wait for it in their order. */
  #withWorkflow(
    id: WorkflowId,
    use: (workflow: WorkflowDefinition) => MaybePromise<void>,
    otherwise: (error: unknown) => MaybePromise<void>,
  ): MaybePromise<void> {
    const key = `${id.module}#${id.name}@${id.version}`;
    let workflow = this.#workflows.get(key);
    if (workflow === undefined) {
      workflow = this.#lookUp(id);
      this.#workflows.set(key, workflow);
      if (workflow instanceof Promise) {
        workflow.then(
          (found) => this.#workflows.set(key, found),
          () => this.#workflows.delete(key), // the next message tries again
        );
      }
    }
    return workflow instanceof Promise ? workflow.then(use, otherwise) : use(workflow);
  }

  #lookUp(id: WorkflowId): MaybePromise<WorkflowDefinition> {
    try {
      return this.#ports.workflow(id);
    } catch (error) {
      return Promise.reject(error);
    }
  }
}
