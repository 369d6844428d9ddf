/** One immutable version of a key. */

import type { StateKey } from "./state-key.ts";

/**
 * The position of a commit in the store's total order over all keys: ascending from 1; a commit that the journal could
 * not write leaves a gap. 0 is before the first. As a causal token it says "has seen everything up to here".
 *
 * @since 0.1.0
 */
export type Position = number;

/**
 * What makes a version a tombstone. The version's author and time say who erased the key, and when.
 *
 * @since 0.1.0
 */
export interface Erasure {
  /** Why the key was erased. It is kept for as long as the tombstone is. */
  readonly reason: string;
  /** True where no tombstone is kept either, as with a run that is forgotten: the key's next version is its first. */
  readonly forgotten?: true;
}

/**
 * Everything about a version but its state. Crosses a channel alone where the other side has the state already.
 *
 * @since 0.1.0
 */
export interface SnapshotMeta {
  readonly key: StateKey;
  /** 1, 2, 3 … without a gap (invariant 3). */
  readonly version: number;
  /** The version it was computed from; 0 for the first. */
  readonly parent: number;
  /** The committer: an actor's address, or `system`. */
  readonly author: string;
  /** What it was committed for, such as `run/<id>` for a run's step, or `fork <key>@<version>`; absent if unknown. */
  readonly cause?: string;
  /**
   * Milliseconds since the epoch, by the machine's clock. Never lower than the previous version's, nor than that of an
   * earlier position, except that imported histories keep their times: while the clock is behind, it stands still.
   */
  readonly time: number;
  /** Shared by the versions that one transaction made. */
  readonly position: Position;
  /** The version of the schema that it was written under. */
  readonly schema: number;
  readonly idempotencyKey?: string;
  /** Present in a tombstone: all versions before this one were erased by `author` at `time`, and this one has no state. */
  readonly erased?: Erasure;
}

/**
 * One immutable version of a key, deeply frozen with its state.
 *
 * @since 0.1.0
 */
export interface Snapshot<S = unknown> extends SnapshotMeta {
  /**
   * Deeply frozen plain data; shares structure with its parent. That of a tombstone is what the key reads as from then on: the
   * family's `initial(id)`, and `undefined` in a family without.
   */
  readonly state: S;
}

/** Joins a meta and its state. */
export function snapshotOf<S>(meta: SnapshotMeta, state: S): Snapshot<S> {
  return Object.freeze({ ...meta, state });
}

/** A snapshot without its state. */
export function metaOf(snapshot: Snapshot): SnapshotMeta {
  const { state: _, ...meta } = snapshot;
  return meta;
}

/**
 * Selects a version of a key: by its number, or as the newest at a time in milliseconds since the epoch.
 *
 * @since 0.1.0
 */
export type VersionAt = number | { readonly time: number };

/** Selects a version of a key also as the newest at a position. */
export type VersionWhen = VersionAt | { readonly position: Position };

/** The range of a key's versions that are kept. The oldest is 1, unless retention dropped some, or the key was erased. */
export interface KeyExtent {
  readonly oldest: number;
  readonly newest: number;
  /** The oldest version, if it is a tombstone. */
  readonly tombstone?: SnapshotMeta;
}
