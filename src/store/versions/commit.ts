/** A commit's request, its outcome, and the rule that decides it (invariant 3). */

import type { Patch } from "./patch.ts";
import type { Erasure, Snapshot, SnapshotMeta } from "./snapshot.ts";
import type { StateKey } from "./state-key.ts";

/** Requires that a key is still at the version that was read. */
export interface KeyRead {
  readonly key: StateKey;
  /** The version that was read, or from which the patches were computed; 0 for a key without one. */
  readonly parent: number;
}

/** Appends the next version of a key. */
export interface KeyWrite extends KeyRead {
  /** The patches from the parent's state to the new one; for the first version, one `replace` at path `[]`. */
  readonly patches: readonly Patch[];
  /** The version of the schema that the new state satisfies. */
  readonly schema: number;
  /**
   * The sealed new state, if the committer has it, which saves applying the patches again on the same thread. It does
   * not cross threads.
   */
  readonly state?: unknown;
  /** Present when it makes a tombstone, whose state is `undefined`. */
  readonly erased?: Erasure;
}

export type KeyChange = KeyRead | KeyWrite;

/** A request to append the next version of one or more keys at one position: all of them or none. */
export interface CommitRequest {
  /**
   * Each key once. A commit without a write only checks that all its keys were at the versions read at one position.
   */
  readonly changes: readonly KeyChange[];
  readonly author: string;
  readonly cause?: string;
  /** The time of the commit, for imported versions. Default: now. */
  readonly time?: number;
  /** A commit under a key that was used before gets the original as its answer and appends nothing. */
  readonly idempotencyKey?: string;
  /**
   * Present when the idempotency key is that of several commits, such as all those of a step's attempts: how many versions the
   * committer knows to have been committed under it. If there are more, nothing is appended, and the answer is those versions.
   */
  readonly known?: number;
  /** Where in a trace it is made, as a `traceparent`: told to the authority, and kept by no version. */
  readonly trace?: string;
  /** True for one that is tried again after it came second: counted, and otherwise as any. */
  readonly isRetry?: true;
}

/**
 * - `committed`: appended, and durable as far as the journal goes. `snapshots` are the versions written, in the order of the
 *   changes.
 * - `duplicate`: the idempotency key was used before; `snapshots` are the versions that each of the keys, in the order of the
 *   changes, had right after the original.
 * - `unknown`: the committer doesn't know all versions under the idempotency key; `metas` are those, in the order of their
 *   positions. Nothing was appended.
 * - `conflict`: `key` is at another version than its change says; nothing was appended. `head` is its newest version,
 *   `undefined` if it has none.
 */
export type CommitOutcome =
  | { readonly kind: "committed"; readonly snapshots: readonly Snapshot[] }
  | { readonly kind: "duplicate"; readonly snapshots: readonly Snapshot[] }
  | { readonly kind: "unknown"; readonly metas: readonly SnapshotMeta[] }
  | { readonly kind: "conflict"; readonly key: StateKey; readonly head: Snapshot | undefined };

/**
 * A version as the journal keeps it: the snapshot, and the patches from its parent. That of a tombstone has no state and one patch,
 * which replaces the whole state by `undefined`.
 *
 * @experimental
 * @since 0.1.0
 */
export interface CommitRecord {
  readonly snapshot: Snapshot;
  /** May be computed when it is read first: read it by name, as a copy by spreading may not have it. */
  readonly patches: readonly Patch[];
}

/** Compare-and-set: only a change computed from the newest version may become the next one. */
export function admits(head: Snapshot | undefined, { parent }: Pick<KeyRead, "parent">): boolean {
  return parent === (head?.version ?? 0);
}

/** False for a key that is only read. */
export function isWrite(change: KeyChange): change is KeyWrite {
  return "patches" in change;
}
