/**
 * Tells followers about new versions: in order and without a gap, also when a follower commits while it is being told.
 */

import type { CommitRecord } from "../versions/commit.ts";
import { ReentrantQueue } from "../../async/reentrant-queue.ts";
import { standing } from "../versions/tombstone.ts";
import type { Position } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";

/** A listener to versions of keys. It gets those records of one commit that it follows in one call. Must not throw. */
export type Audience = (records: readonly CommitRecord[]) => void;

/** One audience at one key, which is told every version after `version`. */
export interface Follower {
  /** The newest version that it was told of; the publisher raises it. */
  version: number;
  readonly audience: Audience;
}

/** Owns the followers of each key and the position up to which they were told. Holds no versions. */
export class Publisher {
  readonly #followers = new Map<StateKey, Set<Follower>>();
  readonly #order = new ReentrantQueue();
  #position: Position;

  constructor(position: Position) {
    this.#position = position;
  }

  /** All commits up to this position were told to their followers, or are being told right now. */
  get position(): Position {
    return this.#position;
  }

  /** Publishes the records of one commit. */
  publish(records: readonly CommitRecord[]): void {
    if (this.#order.busy || this.#isFollowed(records)) this.#order.run(() => this.#tell(records));
    else this.#position = positionOf(records); // most commits have no followers
  }

  /**
   * Runs `task` now, or after the commit that is being told. So when a follower commits, follows or asks while it is
   * being told, the result doesn't overtake news that other followers have yet to get.
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

  #isFollowed(records: readonly CommitRecord[]): boolean {
    for (const { snapshot } of records) if (this.#followers.has(snapshot.key)) return true;
    return false;
  }

  #tell(records: readonly CommitRecord[]): void {
    this.#position = positionOf(records);
    const news = new Map<Audience, CommitRecord[]>();
    for (const record of records) {
      const { key, version } = record.snapshot;
      const next = standing(record.snapshot)?.version ?? 0;
      for (const follower of this.#followers.get(key) ?? []) {
        if (follower.version >= version) continue; // it began to follow at this version or a later one
        follower.version = next;
        const known = news.get(follower.audience);
        if (known === undefined) news.set(follower.audience, [record]);
        else known.push(record);
      }
    }
    for (const [audience, own] of news) audience(own);
  }
}

function positionOf(records: readonly CommitRecord[]): Position {
  return (records[0] as CommitRecord).snapshot.position;
}
