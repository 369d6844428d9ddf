/**
 * Tells the watchers of an actor when it is gone, and takes down the actors that are linked with it. After the monitors and
 * links of Erlang.
 */

import type { Address } from "../../actors/address.ts";
import type { Gone, GoneReason } from "../../actors/gone.ts";

export interface DeathWatchOptions {
  /** True while there is such an actor, or it is being started again. */
  readonly isThere: (actor: Address) => boolean;
  /** Sends a watcher the message that it watches with. */
  readonly notify: (watcher: Address, type: string, gone: Gone) => void;
  /** Takes an actor down, since `by`, which it is linked with, went down. Returns true if no supervisor can start it again. */
  readonly bringDown: (actor: Address, by: Address, reason: GoneReason) => boolean;
}

export class DeathWatch {
  readonly #options: DeathWatchOptions;
  /** By the actor that is watched: its watchers, each with the message that it is told by. */
  readonly #watchers = new Map<Address, Map<Address, string>>();
  /** By the watcher. */
  readonly #watched = new Map<Address, Set<Address>>();
  /** By the actor that is watched: what code outside any actor waits with. */
  readonly #waiting = new Map<Address, ((gone: Gone) => void)[]>();
  /** By actor: the actors that it is linked with. Each link is noted under both actors. */
  readonly #links = new Map<Address, Set<Address>>();
  /** The actors that are going down for good, since one that they were linked with went down. */
  readonly #falling = new Set<Address>();

  constructor(options: DeathWatchOptions) {
    this.#options = options;
  }

  /** Resolves when an actor is gone, at once if it is. */
  whenGone(actor: Address): Promise<Gone> {
    if (!this.#options.isThere(actor)) return Promise.resolve({ actor, reason: "no-such-actor" });
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(actor);
      if (waiting === undefined) this.#waiting.set(actor, [resolve]);
      else waiting.push(resolve);
    });
  }

  /** Tells `watcher` by a message `type` when `actor` is gone, once; at once if it is. Watched again, only the type changes. */
  watch(watcher: Address, actor: Address, type: string): void {
    if (!this.#options.isThere(actor)) {
      this.#options.notify(watcher, type, { actor, reason: "no-such-actor" });
      return;
    }
    const watchers = this.#watchers.get(actor) ?? new Map<Address, string>();
    this.#watchers.set(actor, watchers.set(watcher, type));
    this.#watched.set(watcher, (this.#watched.get(watcher) ?? new Set()).add(actor));
  }

  unwatch(watcher: Address, actor: Address): void {
    this.#watchers.get(actor)?.delete(watcher);
    this.#watched.get(watcher)?.delete(actor);
  }

  /** Links two actors; if the other one is gone, this one goes down at once. */
  link(actor: Address, other: Address): void {
    if (actor === other) return;
    if (!this.#options.isThere(other)) {
      this.#bringDown(actor, other, "no-such-actor");
      return;
    }
    this.#links.set(actor, (this.#links.get(actor) ?? new Set()).add(other));
    this.#links.set(other, (this.#links.get(other) ?? new Set()).add(actor));
  }

  unlink(actor: Address, other: Address): void {
    this.#links.get(actor)?.delete(other);
    this.#links.get(other)?.delete(actor);
  }

  /** An actor went down, for good or to begin anew. Its links end, and the actors that it was linked with go down too. */
  down(actor: Address, reason: GoneReason): void {
    const linked = this.#links.get(actor) ?? [];
    this.#links.delete(actor);
    for (const other of linked) this.#links.get(other)?.delete(actor);
    for (const other of linked) this.#bringDown(other, actor, reason);
  }

  #bringDown(actor: Address, by: Address, reason: GoneReason): void {
    if (this.#options.bringDown(actor, by, reason)) this.#falling.add(actor);
  }

  /** An actor is gone for good. */
  gone(actor: Address, lastReason: GoneReason): void {
    const reason = this.#falling.delete(actor) ? "linked-actor-died" : lastReason;
    for (const watched of this.#watched.get(actor) ?? []) this.#watchers.get(watched)?.delete(actor);
    this.#watched.delete(actor);
    const watchers = this.#watchers.get(actor) ?? new Map<Address, string>();
    this.#watchers.delete(actor);
    for (const [watcher, type] of watchers) {
      this.#watched.get(watcher)?.delete(actor);
      this.#options.notify(watcher, type, { actor, reason });
    }
    const waiting = this.#waiting.get(actor) ?? [];
    this.#waiting.delete(actor);
    for (const resolve of waiting) resolve({ actor, reason });
    this.down(actor, reason);
  }

  /** The system closes, which stops all actors. */
  close(): void {
    for (const [actor, waiting] of this.#waiting) for (const resolve of waiting) resolve({ actor, reason: "stopped" });
    for (const all of [this.#waiting, this.#watchers, this.#watched, this.#links]) all.clear();
    this.#falling.clear();
  }
}
