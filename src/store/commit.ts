/** What a commit asks for, what becomes of it, and the rule that decides (invariant 3). */

import type { Patch } from "./patch.ts";
import type { Snapshot } from "./snapshot.ts";
import type { StateKey } from "./state-definition.ts";

/** Asks the store to append the next version of a key. */
export interface CommitRequest {
  readonly key: StateKey;
  /** The version the patches were computed from; 0 for a key without one. */
  readonly parent: number;
  /** From the parent's state to the new one; the first version is one `replace` at path `[]`. */
  readonly patches: readonly Patch[];
  /**
   * The sealed state that the patches make of the parent's, where the committer has it: spares applying them again on
   * the same thread. It does not cross threads.
   */
  readonly state?: unknown;
  readonly author: string;
  readonly cause?: string;
  /** A commit under a key that was committed under before is answered with the original and appends nothing. */
  readonly idempotencyKey?: string;
}

/**
 * - `committed`: appended, and durable as far as the journal goes.
 * - `duplicate`: the idempotency key was committed under before; `snapshot` is the original.
 * - `conflict`: `parent` is not the newest version; nothing was appended. `head` is the newest version, `undefined` where
 *   there is none.
 */
export type CommitOutcome =
  | { readonly kind: "committed"; readonly snapshot: Snapshot }
  | { readonly kind: "duplicate"; readonly snapshot: Snapshot }
  | { readonly kind: "conflict"; readonly head: Snapshot | undefined };

/** A version as the journal keeps it: the snapshot, and the patches from its parent. */
export interface CommitRecord {
  readonly snapshot: Snapshot;
  readonly patches: readonly Patch[];
}

/** Compare-and-set: only what was computed from the newest version may become the next one. */
export function admits(head: Snapshot | undefined, request: Pick<CommitRequest, "parent">): boolean {
  return request.parent === (head?.version ?? 0);
}
