/** The subscribers of one actor's events. Bounded: a subscriber that lags loses the newest events, which become dead letters. */

import type { Address, HostId } from "../../actors/address.ts";
import type { StreamEnd } from "../transport/frame.ts";
import type { CellHost } from "./cell-host.ts";
import { eventWindow } from "../transport/credit.ts";

interface Subscriber {
  readonly host: HostId;
  readonly subscription: number;
  inFlight: number;
}

export class EventSubscribers {
  readonly #host: CellHost;
  readonly #actor: Address;
  /** Made for the first one: few actors have any. */
  #subscribers: Map<string, Subscriber> | undefined;

  constructor(host: CellHost, actor: Address) {
    this.#host = host;
    this.#actor = actor;
  }

  add(host: HostId, subscription: number): void {
    this.#subscribers ??= new Map();
    this.#subscribers.set(`${host}/${subscription}`, { host, subscription, inFlight: 0 });
  }

  remove(host: HostId, subscription: number): void {
    this.#subscribers?.delete(`${host}/${subscription}`);
  }

  removeHost(host: HostId): void {
    const all = this.#subscribers;
    if (all !== undefined) for (const [key, subscriber] of all) if (subscriber.host === host) all.delete(key);
  }

  credit(host: HostId, subscription: number, count: number): void {
    const subscriber = this.#subscribers?.get(`${host}/${subscription}`);
    if (subscriber !== undefined) subscriber.inFlight -= count;
  }

  /**
   * `hasRefs` is true for an event in which refs have their plain form already.
   *
   * @throws TroupeError `not-cloneable` or `message-too-large`; then no subscriber gets the event.
   */
  emit(event: unknown, hasRefs = false): void {
    if (this.#subscribers === undefined) return;
    for (const subscriber of this.#subscribers.values()) {
      const copy = this.#host.copier.copy(event, `an event of ${this.#actor}`); // one copy each (invariant 1)
      const { isJson, hasTransferred } = this.#host.copier;
      if (subscriber.inFlight >= eventWindow) {
        const { host } = subscriber;
        const fate = { reason: "overflow", detail: `a subscriber on thread ${host} lags` } as const;
        const letter = { ...fate, to: this.#actor, from: this.#actor, type: "event", payload: copy };
        this.#host.report({ type: "dead-letter", letter, isJson, hasAsker: false });
        continue;
      }
      subscriber.inFlight++;
      this.#host.transmit(subscriber.host, {
        kind: "event",
        subscription: subscriber.subscription,
        event: copy,
        isJson,
        ...(hasRefs || hasTransferred ? { hasRefs: true } : {}),
      });
    }
  }

  /** Forgets all subscribers and tells them nothing: they go on with another life of the actor. */
  forget(): void {
    this.#subscribers = undefined;
  }

  end(end: StreamEnd): void {
    for (const { host, subscription } of this.#subscribers?.values() ?? []) {
      this.#host.transmit(host, { kind: "stream-end", subscription, end });
    }
    this.#subscribers = undefined;
  }
}
