/** The keys that a replica follows, least recently used first. */

import type { Subscriber } from "rxjs";
import type { Position, Snapshot } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";

/** An answer to `follow`, with the authority's position at the time. */
export interface Fetched {
  readonly snapshot: Snapshot | undefined;
  readonly position: Position;
}

export interface FollowedKey {
  readonly key: StateKey;
  /** The newest version; `undefined` for a key without one. Not valid while `fetching`. */
  snapshot: Snapshot | undefined;
  /** Set from the request to follow until its answer. Updates that arrive in between answer an earlier request, and are ignored. */
  fetching: Promise<Fetched> | undefined;
  readonly watchers: Set<Subscriber<Snapshot>>;
}

/**
 * The followed keys of one replica, up to a maximum. It sends nothing: the replica tells the authority about follows.
 */
export class FollowedKeys {
  readonly #max: number;
  readonly #keys = new Map<StateKey, FollowedKey>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#keys.size;
  }

  /** Looks a key up without using it. */
  peek(key: StateKey): FollowedKey | undefined {
    return this.#keys.get(key);
  }

  /** Looks a key up and makes it the most recently used. */
  use(key: StateKey): FollowedKey | undefined {
    const followed = this.#keys.get(key);
    if (followed !== undefined) {
      this.#keys.delete(key);
      this.#keys.set(key, followed);
    }
    return followed;
  }

  add(key: StateKey): FollowedKey {
    const followed: FollowedKey = { key, snapshot: undefined, fetching: undefined, watchers: new Set() };
    this.#keys.set(key, followed);
    return followed;
  }

  remove(followed: FollowedKey): void {
    if (this.#keys.get(followed.key) === followed) this.#keys.delete(followed.key);
  }

  /**
   * Removes and returns the least recently used keys beyond the maximum, except those that are being fetched or
   * watched.
   */
  evict(): readonly FollowedKey[] {
    const evicted: FollowedKey[] = [];
    for (const followed of this.#keys.values()) {
      if (this.#keys.size <= this.#max) break;
      if (followed.fetching !== undefined || followed.watchers.size > 0) continue;
      this.#keys.delete(followed.key);
      evicted.push(followed);
    }
    return evicted;
  }

  /** Removes and returns all keys. */
  clear(): readonly FollowedKey[] {
    const all = [...this.#keys.values()];
    this.#keys.clear();
    return all;
  }
}
