/** The port to the store's persistence: memory, LMDB, later a distributed log. */

import type { CommitRecord } from "../versions/commit.ts";
import type { MaybePromise } from "../../async/maybe-promise.ts";
import type { Position, Snapshot, SnapshotMeta } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";

/**
 * Keeps every version of every key. One authority owns and writes it.
 *
 * Each implementation guarantees: appends take effect in the order of the calls, also while several are in progress,
 * and may share a flush; a version that was read or acknowledged is never taken back. The states it returns are deeply
 * frozen, share structure between versions as far as possible, and are equal when read again after the journal was
 * closed and reopened.
 *
 * @experimental
 * @since 0.1.0
 */
export interface Journal {
  /** The highest position it holds; 0 when empty. Read once, when an authority starts. */
  readonly position: Position;
  /** The latest time of all its commits; 0 when empty. Read once, too: time goes on from there. */
  readonly time: number;
  /**
   * Aborts when another process owns the journal now, or may own it soon, since this one couldn't renew its ownership in time. Its
   * reason is a TroupeError `ownership-lost`. From then on every append rejects with that code or with `outcome-unknown`, and what
   * is read may be old. A journal that has no such signal stays its owner's until it is closed.
   */
  readonly lost?: AbortSignal;
  /**
   * Keeps the records of one commit: the next version of one or more keys, all at one position. When it returns or
   * resolves, all of them are durable. When it throws or rejects, certainly none is kept, except where
   * the error is a TroupeError `outcome-unknown`: then ownership was lost before the journal could find out, and `lost` has aborted.
   * A journal whose connection breaks otherwise finds out before it answers. If a record's parent isn't
   * the newest version kept of its key, the whole commit must be refused, so that nothing is built on a lost version.
   *
   * A record whose snapshot is `erased` removes, by the same write, all of its key that is before it: versions, states, patches and
   * idempotency keys. If it is `erased.forgotten`, it isn't kept itself either, and its key has no version then; its position counts.
   */
  append(records: readonly CommitRecord[]): MaybePromise<void>;
  /** The newest version of a key, which may be a tombstone. */
  head(key: StateKey): MaybePromise<Snapshot | undefined>;
  /** The same, where many keys are read once each: it doesn't push what is in use out of a cache. */
  peek(key: StateKey): MaybePromise<Snapshot | undefined>;
  /** The same for many keys, in their order, in one read where the journal is elsewhere. Fails if one of them can't be read. */
  heads(keys: readonly StateKey[]): MaybePromise<readonly (Snapshot | undefined)[]>;
  /** One version of a key; `undefined` if it isn't kept. */
  at(key: StateKey, version: number): MaybePromise<Snapshot | undefined>;
  /** The same without its state: cheap however large the state is. */
  meta(key: StateKey, version: number): MaybePromise<SnapshotMeta | undefined>;
  /**
   * The lowest version of a key that is kept: 1, unless the key was trimmed or erased. `undefined` for a key without a version.
   */
  oldest(key: StateKey): MaybePromise<number | undefined>;
  /** The records of the versions from `lowest` to `highest` that it holds, ascending. */
  records(key: StateKey, lowest: number, highest: number): MaybePromise<readonly CommitRecord[]>;
  /**
   * The versions that were committed under an idempotency key, in the order of their records; none for an unknown key.
   */
  committed(idempotencyKey: string): MaybePromise<readonly Snapshot[]>;
  /**
   * The keys that start with `prefix` and have a version, the newest of which is no tombstone, in ascending order of their UTF-16 code units; with `since`,
   * only those with a version at a later position. Must not read any version.
   */
  keys(prefix: string, since?: Position): MaybePromise<readonly StateKey[]>;
  /** Removes the versions of a key before `oldest`, with their idempotency keys. The newest version always stays. */
  trim(key: StateKey, oldest: number): MaybePromise<void>;
  /** How many bytes a key's versions take; 0 for a key without one. */
  size(key: StateKey): MaybePromise<number>;
  /** Frees the room of trimmed and erased versions. Afterwards, their bytes are nowhere in its files. */
  compact(): MaybePromise<void>;
  /** Called once, after the last append was settled. */
  close(): MaybePromise<void>;
}
