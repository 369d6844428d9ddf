/** The participants of one system's runs: started when they are first needed, and again when they are lost. */

import { internalMessage } from "../messaging/internal-message.ts";
import { type Address, hostOf } from "../../actors/address.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import type { NumberedMessage } from "../../workflows/coordination/coordination-protocol.ts";
import { agentsOf, everyStepOf } from "../../workflows/definition/steps-of-run.ts";
import type { WorkflowDefinition } from "../../workflows/definition/workflow-definition.ts";
import { agentKey } from "../../workflows/coordination/workflow-plan.ts";
import { AskError } from "../../errors/ask-error.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import type { MaybePromise } from "../../async/maybe-promise.ts";
import { agentMailbox } from "../messaging/definition-target.ts";
import { coordinate } from "../agents/supervisor-target.ts";
import type { Sender, Target } from "../messaging/target.ts";
import type { ThreadHost } from "../host/thread-host.ts";

/** An agent's participant: how to reach it, or a promise of that while it is started. */
interface Deployment {
  readonly agent: AgentDefinition;
  target: MaybePromise<Target>;
  /** The orders that wait until it is started, each with what takes it back. */
  readonly waiting: Set<WaitingOrder>;
}

interface WaitingOrder {
  readonly run: string;
  readonly takeBack: (error: unknown) => void;
}

/** How often a participant is started, if its thread dies each time before the participant is up. */
const maxStarts = 3;

export interface ParticipantsOptions {
  readonly host: ThreadHost;
  readonly sender: Sender;
  /** Starts an agent's participant and returns where it is. */
  readonly start: (agent: AgentDefinition) => Promise<Address>;
}

export class Participants {
  readonly #options: ParticipantsOptions;
  readonly #deployments = new Map<string, Deployment>();
  /** What waits to hear that the participant at a place is gone. */
  readonly #leaving = new Map<Address, readonly (() => void)[]>();

  constructor(options: ParticipantsOptions) {
    this.#options = options;
  }

  /**
   * Where the participant of an agent is, which is started if there is none. `gone`: where it was, and is no more. If the news of that
   * hasn't arrived here, waits for it.
   */
  async locate(agent: AgentDefinition, gone?: Address): Promise<Address> {
    const { address } = await this.#deployment(agent).target;
    if (address !== gone) return address;
    await new Promise<void>((resolve) => {
      const waiting = this.#leaving.get(address) ?? [];
      this.#leaving.set(address, [...waiting, resolve]);
    });
    return this.locate(agent, gone);
  }

  /** Starts the participants of a workflow. */
  async deploy(workflow: WorkflowDefinition): Promise<void> {
    await Promise.all(
      everyStepOf(workflow)
        .flatMap(agentsOf)
        .map(async (agent) => this.#deployment(agent).target),
    );
  }

  /** Sends a message to an agent's participant, first in, first out. Rejects when there is none and none can be started. */
  send(agent: AgentDefinition, message: NumberedMessage): MaybePromise<void> {
    const { target, waiting } = this.#deployment(agent);
    return target instanceof Promise ? this.#postLater(target, waiting, message) : this.#post(target, message);
  }

  /** Posts a message when the participant is started, after those before it. The cancellation of a run takes its orders back until then. */
  #postLater(starting: Promise<Target>, waiting: Set<WaitingOrder>, numbered: NumberedMessage): Promise<void> {
    const { message } = numbered;
    if (message.type === "abort") {
      for (const order of [...waiting]) if (order.run === message.run) order.takeBack(notStarted(message.run));
    }
    if (message.type !== "perform") return starting.then((target) => this.#post(target, numbered));
    return new Promise((resolve, reject) => {
      const order = {
        run: message.run,
        takeBack: (error: unknown): void => {
          waiting.delete(order);
          reject(error);
        },
      };
      waiting.add(order);
      starting.then((target) => {
        if (waiting.delete(order)) this.#post(target, numbered).then(resolve, reject);
      }, reject);
    });
  }

  isParticipant(actor: Address): boolean {
    return [...this.#deployments.values()].some(
      ({ target }) => !(target instanceof Promise) && target.address === actor,
    );
  }

  /** Lets go of the participants that were at a place that is gone, and returns their agents. */
  lost({ thread, actor }: { readonly thread?: number; readonly actor?: Address }): readonly AgentDefinition[] {
    const agents: AgentDefinition[] = [];
    for (const [key, { agent, target }] of this.#deployments) {
      if (target instanceof Promise || (target.address !== actor && hostOf(target.address) !== thread)) continue;
      this.#deployments.delete(key);
      agents.push(agent);
      for (const resolve of this.#leaving.get(target.address) ?? []) resolve();
      this.#leaving.delete(target.address);
    }
    return agents;
  }

  async #post(target: Target, message: NumberedMessage): Promise<void> {
    const { host, sender } = this.#options;
    try {
      await host.messenger.tell(sender, target, coordinate, message, true);
    } catch (error) {
      // the supervisor hears that the participant is lost, and deals with what it had to do
      if (!isTroupeError(error, "thread-died") && !isTroupeError(error, "actor-stopped")) throw error;
    }
  }

  #deployment(agent: AgentDefinition): Deployment {
    const key = agentKey(agent);
    const known = this.#deployments.get(key);
    if (known !== undefined) return known;
    const starting = this.#start(agent).then((address): Target => ({
      address,
      ...agentMailbox,
      check: internalMessage,
    }));
    const deployment: Deployment = { agent, target: starting, waiting: new Set() };
    this.#deployments.set(key, deployment);
    starting.then(
      (target) => (deployment.target = target),
      () => this.#deployments.delete(key), // each message that waited is told; the next one tries again
    );
    return deployment;
  }

  async #start(agent: AgentDefinition): Promise<Address> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#options.start(agent);
      } catch (error) {
        if (attempt === maxStarts || !isTroupeError(error, "thread-died")) throw error;
      }
    }
  }
}

/** The error of a step whose run was cancelled while its agent was being started. */
function notStarted(run: string): AskError {
  return new AskError("rejected", "cancelled", `the run ${run} was cancelled before the step's agent was started`);
}
