/** Tells followers about new versions: in order, without a gap, one after the other even when a follower commits. */

import type { CommitRecord } from "../versions/commit.ts";
import { ReentrantQueue } from "../../async/reentrant-queue.ts";
import type { Position } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";

/** Someone who follows keys. What one commit made of them is told at once. Must not throw. */
export type Audience = (records: readonly CommitRecord[]) => void;

/** Makes an audience be told every version of a key after `version`. */
export interface Follower {
  /** The newest version it knows; the publisher counts it up. */
  version: number;
  readonly audience: Audience;
}

/** Who follows what, and how far they were told. */
export class Publisher {
  readonly #followers = new Map<StateKey, Set<Follower>>();
  readonly #order = new ReentrantQueue();
  #position: Position;

  constructor(position: Position) {
    this.#position = position;
  }

  /** Everything up to here was told to its followers, or is being told right now. */
  get position(): Position {
    return this.#position;
  }

  /** Takes what one commit made, at one position. */
  publish(records: readonly CommitRecord[]): void {
    if (this.#order.busy || this.#isFollowed(records)) this.#order.run(() => this.#tell(records));
    else this.#position = positionOf(records); // nobody to tell: most commits
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

  #isFollowed(records: readonly CommitRecord[]): boolean {
    for (const { snapshot } of records) if (this.#followers.has(snapshot.key)) return true;
    return false;
  }

  #tell(records: readonly CommitRecord[]): void {
    this.#position = positionOf(records);
    const news = new Map<Audience, CommitRecord[]>();
    for (const record of records) {
      const { key, version } = record.snapshot;
      for (const follower of this.#followers.get(key) ?? []) {
        if (follower.version >= version) continue; // began to follow at this version or later
        follower.version = version;
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
