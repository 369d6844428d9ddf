/** The relayed runs for which a participant gathers events, and the definitions of their workflows. */

import type { MaybePromise } from "../../async/maybe-promise.ts";
import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import type { Relay, Release } from "../coordination/coordination-protocol.ts";
import { Join, type JoinProposal, stepsByName, type StepsByName } from "../coordination/join.ts";
import { isWithin } from "../definition/steps-of-run.ts";
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
  /** The joins of items and rounds that are workflows, by run and by path. */
  readonly #parts = new Map<string, Map<string, Join>>();
  readonly #workflows = new Map<string, MaybePromise<WorkflowDefinition>>();
  readonly #steps = new WeakMap<WorkflowDefinition, StepsByName>();
  #isStopped = false;

  constructor(ports: JoinPorts) {
    this.#ports = ports;
  }

  /** How many runs, and items and rounds of runs, it is gathering events for. */
  get size(): number {
    let size = this.#joins.size;
    for (const parts of this.#parts.values()) size += parts.size;
    return size;
  }

  /**
   * Takes in relayed events. Calls `act` with the proposals that follow, or `failed` when there is no such workflow.
   */
  relay(
    message: Relay,
    act: (proposals: readonly JoinProposal[]) => MaybePromise<void>,
    failed: (error: unknown) => MaybePromise<void>,
  ): MaybePromise<void> {
    const { run, part } = message;
    return this.#withWorkflow(
      message.workflow,
      (workflow) => {
        const steps = this.#stepsOf(workflow);
        const [joins, key] = part === undefined ? [this.#joins, run] : [this.#parts.get(run), part];
        const known = joins?.get(key);
        // a run that goes on with another definition is relayed anew
        const join = known?.isOf(steps) === true ? known : new Join(steps);
        const proposals = join.take(message, this.#ports.codec);
        if (!join.isOver && !this.#isStopped) (joins ?? this.#partsOf(run)).set(key, join);
        else if (joins?.delete(key) === true && joins !== this.#joins && joins.size === 0) this.#parts.delete(run);
        return act(proposals);
      },
      failed,
    );
  }

  /**
   * Forgets the events gathered of a run, or of an item or a round of it. Waits for the workflow's definition, as earlier relays do, so that no join is
   * made after its release.
   */
  release({ run, part, workflow }: Release): MaybePromise<void> {
    const forget = part === undefined ? () => this.#forget(run) : () => this.#forgetPart(run, part);
    return this.#withWorkflow(workflow, forget, forget);
  }

  #forget(run: string): void {
    this.#joins.delete(run);
    this.#parts.delete(run);
  }

  /** Forgets an item or a round, with the items and rounds in it. */
  #forgetPart(run: string, part: string): void {
    const parts = this.#parts.get(run);
    for (const path of parts?.keys() ?? []) if (path === part || isWithin(path, part)) parts?.delete(path);
    if (parts?.size === 0) this.#parts.delete(run);
  }

  #partsOf(run: string): Map<string, Join> {
    let parts = this.#parts.get(run);
    if (parts === undefined) this.#parts.set(run, (parts = new Map()));
    return parts;
  }

  /** Forgets all joins and makes no more. */
  stop(): void {
    this.#isStopped = true;
    this.#joins.clear();
    this.#parts.clear();
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
