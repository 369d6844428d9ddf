/** The port to where the store persists: memory, LMDB, later a distributed log. */

import type { CommitRecord } from "../versions/commit.ts";
import type { MaybePromise } from "../../async/maybe-promise.ts";
import type { Position, Snapshot, SnapshotMeta } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";

/**
 * Keeps every version of every key. One authority writes it.
 *
 * What a journal owes: appends take effect in the order of the calls, also while several are on their way, and may share
 * a flush; what it read or acknowledged is never taken back. States it hands out are deeply frozen, share structure
 * between versions as far as it can, and are the same whether read now or after it was closed and opened again.
 *
 * @experimental
 * @since 0.1.0
 */
export interface Journal {
  /** The highest position it holds; 0 when empty. Read once, when an authority starts. */
  readonly position: Position;
  /** The latest time of all it was given; 0 when empty. Read once, too: time goes on from there. */
  readonly time: number;
  /**
   * Keeps what one commit made: the next version of a key, or of each of several, all at one position. Returned or
   * resolved: all of it is durable. Thrown or rejected: certainly nothing of it is kept. A record whose parent isn't the
   * newest version kept of its key must be refused with all that came along, so that nothing is built on what was lost.
   */
  append(records: readonly CommitRecord[]): MaybePromise<void>;
  /** The newest version of a key. */
  head(key: StateKey): MaybePromise<Snapshot | undefined>;
  /** One version of a key; `undefined` for one it does not hold. */
  at(key: StateKey, version: number): MaybePromise<Snapshot | undefined>;
  /** The same without its state: cheap however large the state is. */
  meta(key: StateKey, version: number): MaybePromise<SnapshotMeta | undefined>;
  /** The lowest version of a key that it holds: 1, unless it was trimmed. `undefined` for a key without a version. */
  oldest(key: StateKey): MaybePromise<number | undefined>;
  /** The records of the versions from `lowest` to `highest` that it holds, ascending. */
  records(key: StateKey, lowest: number, highest: number): MaybePromise<readonly CommitRecord[]>;
  /** The versions that were committed under an idempotency key, in the order of their append; none for an unknown one. */
  committed(idempotencyKey: string): MaybePromise<readonly Snapshot[]>;
  /**
   * The keys that start with `prefix` and have a version, in ascending order of their UTF-16 code units; with `since`, only those
   * with a version at a later position. Cheap: no version is read.
   */
  keys(prefix: string, since?: Position): MaybePromise<readonly StateKey[]>;
  /**
   * Forgets the versions of a key before `oldest`, and what was committed under their idempotency keys. The newest
   * version always stays.
   */
  trim(key: StateKey, oldest: number): MaybePromise<void>;
  /** How many bytes a key's versions take where they are kept; 0 for a key without one. */
  size(key: StateKey): MaybePromise<number>;
  /** Gives back the room of what was trimmed. */
  compact(): MaybePromise<void>;
  /** Called once, after the last append was settled. */
  close(): MaybePromise<void>;
}
