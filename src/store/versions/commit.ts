/** What a commit asks for, what becomes of it, and the rule that decides (invariant 3). */

import type { Patch } from "./patch.ts";
import type { Snapshot } from "./snapshot.ts";
import type { StateKey } from "./state-key.ts";

/** Asks that a key is still at the version that was read. */
export interface KeyRead {
  readonly key: StateKey;
  /** The version that was read, or the patches were computed from; 0 for a key without one. */
  readonly parent: number;
}

/** Asks for the next version of a key. */
export interface KeyWrite extends KeyRead {
  /** From the parent's state to the new one; the first version is one `replace` at path `[]`. */
  readonly patches: readonly Patch[];
  /** The version of the schema that the new state satisfies. */
  readonly schema: number;
  /**
   * The sealed state that the patches make of the parent's, where the committer has it: spares applying them again on
   * the same thread. It does not cross threads.
   */
  readonly state?: unknown;
}

export type KeyChange = KeyRead | KeyWrite;

/** Asks the store to append the next version of a key, or of several at one position: of all of them or of none. */
export interface CommitRequest {
  /** Each key once. A commit without a write only asks whether all its keys are where they were read at one position. */
  readonly changes: readonly KeyChange[];
  readonly author: string;
  readonly cause?: string;
  /** When it was committed, for versions of another store that are taken over. Default: now. */
  readonly time?: number;
  /** A commit under a key that was committed under before is answered with the original and appends nothing. */
  readonly idempotencyKey?: string;
}

/**
 * - `committed`: appended, and durable as far as the journal goes. `snapshots` are the versions written, in the order of
 *   the changes.
 * - `duplicate`: the idempotency key was committed under before; `snapshots` are the versions that each of the keys, in
 *   the order of the changes, had right after the original.
 * - `conflict`: `key` is at another version than its change says; nothing was appended. `head` is its newest version,
 *   `undefined` where there is none.
 */
export type CommitOutcome =
  | { readonly kind: "committed"; readonly snapshots: readonly Snapshot[] }
  | { readonly kind: "duplicate"; readonly snapshots: readonly Snapshot[] }
  | { readonly kind: "conflict"; readonly key: StateKey; readonly head: Snapshot | undefined };

/**
 * A version as the journal keeps it: the snapshot, and the patches from its parent.
 *
 * @experimental
 * @since 0.1.0
 */
export interface CommitRecord {
  readonly snapshot: Snapshot;
  readonly patches: readonly Patch[];
}

/** Compare-and-set: only what was computed from the newest version may become the next one. */
export function admits(head: Snapshot | undefined, { parent }: Pick<KeyRead, "parent">): boolean {
  return parent === (head?.version ?? 0);
}

/** False for a key that is only read. */
export function isWrite(change: KeyChange): change is KeyWrite {
  return "patches" in change;
}
