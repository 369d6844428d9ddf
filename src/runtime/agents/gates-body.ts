/** The actor through which agents on any thread ask their gates, and the permits that it gave them. */

import { type Address, type HostId, nameOf } from "../../actors/address.ts";
import type { Permit } from "../../agents/policies/permit.ts";
import { encodeError } from "../../errors/error-codec.ts";
import type { MaybePromise } from "../../async/maybe-promise.ts";
import type { ActorBody } from "../cell/actor-cell.ts";
import type { Delivery } from "../cell/delivery.ts";
import { type AdmitAnswer, type AdmitRequest, type CallNews, gatesTarget, type LeaseSettle } from "./gate-protocol.ts";
import type { Gates } from "./gates.ts";

/** A call that waits for a permit or has one. */
interface RemoteCall {
  readonly origin: HostId;
  readonly agent: string;
  readonly actor: Address;
  readonly waiting: AbortController;
  permit: Permit | undefined;
}

/** How the actor is spawned. */
export function gatesCell(gates: Gates) {
  const { address, capacity, overflow } = gatesTarget;
  const concurrency = Number.POSITIVE_INFINITY;
  return { name: nameOf(address), capacity, overflow, concurrency, body: () => new GatesBody(gates) };
}

type RemoteNews = Exclude<CallNews, { type: "lease-settle" }>;

class GatesBody implements ActorBody {
  readonly #gates: Gates;
  readonly #calls = new Map<string, RemoteCall>();

  constructor(gates: Gates) {
    this.#gates = gates;
  }

  handle(delivery: Delivery): void {
    const { type, payload, origin, from } = delivery.envelope;
    if (type === "admit") this.#admit(delivery, payload as AdmitRequest);
    else if (type === "lease-settle") this.#gates.settleLent(from as Address, payload as LeaseSettle);
    else this.#hear(origin, { ...(payload as CallNews), type } as RemoteNews);
  }

  stop(): void {
    this.#calls.clear();
  }

  #admit(delivery: Delivery, request: AdmitRequest): void {
    const { agent, call } = request;
    const { origin, from } = delivery.envelope;
    const key = keyOf(origin, call);
    const remote: RemoteCall = {
      ...{ origin, agent, actor: from as Address },
      waiting: new AbortController(),
      permit: undefined,
    };
    this.#calls.set(key, remote);
    const admitted = (permit: Permit): void => {
      if (remote.waiting.signal.aborted) return permit.release(); // it gave up while the permit was on its way here
      remote.permit = permit;
      const { breaker } = permit;
      delivery.replyOwn({ admitted: true, ...(breaker === undefined ? {} : { breaker }) } satisfies AdmitAnswer);
    };
    const refused = (error: unknown): void => {
      this.#calls.delete(key);
      delivery.replyOwn({ admitted: false, error: encodeError(error) } satisfies AdmitAnswer);
    };
    let permit: MaybePromise<Permit>;
    try {
      permit = this.#gates.admitRemote(request, remote.waiting.signal);
    } catch (error) {
      return refused(error);
    }
    if (permit instanceof Promise) permit.then(admitted, refused);
    else admitted(permit);
  }

  #hear(origin: HostId, news: RemoteNews): void {
    if (news.type === "lost") return this.#lose(news.thread, news.at);
    const key = keyOf(origin, news.call);
    const remote = this.#calls.get(key);
    if (remote === undefined) return;
    if (news.type === "begin") return remote.permit?.begin();
    if (news.type === "settle") {
      remote.permit?.settle(news.outcome, news);
      if (news.outcome !== "ok") this.#gates.counted(remote.agent, remote.actor);
      if (!news.isRunning) this.#calls.delete(key);
      return;
    }
    this.#calls.delete(key);
    if (remote.permit === undefined) remote.waiting.abort();
    else remote.permit.release();
  }

  #lose(thread: HostId, at: number): void {
    this.#gates.threadLost(thread, at);
    const lost = [...this.#calls].filter(([, { origin }]) => origin === thread);
    for (const [key, { waiting }] of lost) {
      this.#calls.delete(key);
      waiting.abort(); // all of these first, so that no place which a permit gives back goes to a call of the lost thread
    }
    for (const [, { permit }] of lost) {
      permit?.settle("lost", { error: "its thread died" });
      permit?.release();
    }
  }
}

function keyOf(origin: HostId, call: number): string {
  return `${origin}#${call}`;
}
