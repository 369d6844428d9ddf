/** Tells followers about new versions: in order, without a gap, one after the other even when a follower commits. */

import type { CommitRecord } from "./commit.ts";
import { InOrder } from "./in-order.ts";
import type { Position } from "./snapshot.ts";
import type { StateKey } from "./state-definition.ts";

/** Someone who is told every version of a key after `version`. */
export interface Follower {
  /** The newest version it knows; the publisher counts it up. */
  version: number;
  /** Must not throw. */
  onCommit(record: CommitRecord): void;
}

/** Who follows what, and how far they were told. */
export class Publisher {
  readonly #followers = new Map<StateKey, Set<Follower>>();
  readonly #order = new InOrder();
  #position: Position;

  constructor(position: Position) {
    this.#position = position;
  }

  /** Everything up to here was told to its followers, or is being told right now. */
  get position(): Position {
    return this.#position;
  }

  publish(record: CommitRecord): void {
    const { key, position } = record.snapshot;
    if (this.#order.busy || this.#followers.has(key)) this.#order.run(() => this.#tell(record));
    else this.#position = position; // nobody to tell: most commits
  }

  /**
   * Runs `task` at once, or after what is being told: a follower that commits, follows or asks from within must not let
   * its news overtake those that others have yet to hear.
   */
  inOrder(task: () => void): void {
    this.#order.run(task);
  }

  follow(key: StateKey, follower: Follower): void {
    const followers = this.#followers.get(key);
    if (followers === undefined) this.#followers.set(key, new Set([follower]));
    else followers.add(follower);
  }

  unfollow(key: StateKey, follower: Follower): void {
    const followers = this.#followers.get(key);
    followers?.delete(follower);
    if (followers?.size === 0) this.#followers.delete(key);
  }

  #tell(record: CommitRecord): void {
    const { key, position, version } = record.snapshot;
    this.#position = position;
    for (const follower of this.#followers.get(key) ?? []) {
      if (follower.version >= version) continue; // began to follow at this version or later
      follower.version = version;
      follower.onCommit(record);
    }
  }
}
