/** How the agents of one host reach their gates on the home host. */

import type { HostId } from "../../actors/address.ts";
import type { CallOrigin } from "../../agents/call-names.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import { isAlwaysOpen, limitsRequests } from "../../agents/policies/gate.ts";
import type { MaybePromise } from "../../async/maybe-promise.ts";
import type { Cancellation } from "../../async/cancellation.ts";
import { sliceAt } from "../../agents/policies/breaker.ts";
import type { Permit } from "../../agents/policies/permit.ts";
import { failureText } from "../../agents/policies/call-outcome.ts";
import { estimateTokens } from "../../agents/policies/token-estimate.ts";
import { delayOf } from "../../errors/delay-of.ts";
import { decodeError } from "../../errors/error-codec.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import type { Sender } from "../messaging/target.ts";
import type { Lessee } from "./gate-lease.ts";
import { type AdmitAnswer, type AdmitRequest, type CallNews, gatesTarget, type LeaseSettle } from "./gate-protocol.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Messenger } from "../messaging/messenger.ts";

/** A call that asks for a permit. */
export interface GatedCall {
  readonly agent: AgentDefinition;
  readonly caller: string;
  readonly input: unknown;
  /** The run and the tenant that it is for. */
  readonly of: CallOrigin | undefined;
  /** The lease that its actor has on the gate, if it has one. */
  readonly lease: Lessee | undefined;
  /** Ends the wait when it aborts. */
  readonly wanted: Cancellation;
}

/** The permit of an agent whose gate lets every call pass. */
const unneeded: Permit = { begin: () => undefined, settle: () => undefined, release: () => undefined };

/** What the client needs of its host. */
export interface GateClientHost {
  readonly clock: Clock;
  readonly messenger: Messenger;
}

export class GateClient {
  readonly #host: GateClientHost;
  #lastCall = 0;

  constructor(host: GateClientHost) {
    this.#host = host;
  }

  /**
   * Waits until the agent's gate lets the call ahead; not at all where it is always open, or a lease on it will do.
   *
   * @throws AskError (as a rejection) as {@link Gates.admit}; the reason of the cancellation when that comes first.
   */
  admit(sender: Sender, call: GatedCall): MaybePromise<Permit> {
    const { agent, caller, lease } = call;
    if (isAlwaysOpen(agent.policies)) return unneeded;
    const generation = lease?.goAhead();
    if (lease === undefined || generation === undefined) return this.#ask(sender, call);
    return this.#lentPermit(sender, agent, { agent: agent.name, caller, generation }, lease);
  }

  async #ask(sender: Sender, { agent, caller, input, of, lease, wanted }: GatedCall): Promise<Permit> {
    const tokens = estimateTokens(agent, input);
    wanted.throwIfAborted();
    const call = ++this.#lastCall;
    const waiting = { abort: (): void => this.#tell(sender, { type: "abandon", call }) };
    wanted.add(waiting);
    try {
      const request: AdmitRequest = { agent: agent.name, call, caller, tokens, of };
      const timeout = Number.POSITIVE_INFINITY;
      const answer = (await this.#host.messenger.ask(sender, gatesTarget, "admit", request, {
        timeout,
      })) as AdmitAnswer;
      wanted.throwIfAborted();
      if (!answer.admitted) throw decodeError(answer.error);
      return { ...this.#permit(sender, call, agent, lease), ...(answer.breaker && { breaker: answer.breaker }) };
    } finally {
      wanted.remove(waiting);
    }
  }

  /** Tells the gates that a thread has died with all its calls. Only the home host calls this, once it has handled all that the thread sent. */
  threadLost(sender: Sender, thread: HostId): void {
    this.#tell(sender, { type: "lost", thread, at: this.#host.clock.now() });
  }

  /** The permit of a call that went ahead without asking: the gates hear of its end, unless it succeeded. */
  #lentPermit(
    sender: Sender,
    { policies: { breaker } }: AgentDefinition,
    call: Pick<LeaseSettle, "agent" | "caller" | "generation">,
    lease: Lessee,
  ): Permit {
    const began = this.#host.clock.now();
    let isOver = false;
    const end = (how: Pick<LeaseSettle, "outcome" | "took" | "error">): void => {
      if (isOver) return;
      isOver = true;
      this.#tell(sender, { type: "lease-settle", ...call, ...how });
    };
    return {
      begin: () => undefined,
      settle: (outcome, { took = this.#host.clock.now() - began, error } = {}) => {
        if (isOver) return;
        if (outcome === "ok" && breaker !== false && took <= breaker.slowAfter) {
          isOver = true;
          lease.succeeded(sliceAt(breaker, this.#host.clock.now()));
          return;
        }
        lease.failed();
        end({ outcome, took, error: failureText(error) });
      },
      release: () => end({ took: 0, error: "" }),
    };
  }

  #permit(sender: Sender, call: number, agent: AgentDefinition, lease: Lessee | undefined): Permit {
    const tellsBegin = limitsRequests(agent.policies);
    const began = this.#host.clock.now();
    return {
      begin: () => {
        if (tellsBegin) this.#tell(sender, { type: "begin", call });
      },
      settle: (outcome, report = {}) => {
        const { tokens: used = 0, took = this.#host.clock.now() - began, error, isRunning = false } = report;
        const retryAfter = delayOf(error) ?? 0;
        if (outcome !== "ok") lease?.failed();
        const how = { outcome, tokens: used, took, error: failureText(error), retryAfter, isRunning };
        this.#tell(sender, { type: "settle", call, ...how });
      },
      release: () => this.#tell(sender, { type: "release", call }),
    };
  }

  #tell(sender: Sender, { type, ...news }: CallNews): void {
    this.#host.messenger.tell(sender, gatesTarget, type, news, true).catch((error: unknown) => {
      if (!isTroupeError(error, "system-closed")) throw error; // with the system closed, no gate is left to hear of it
    });
  }
}
