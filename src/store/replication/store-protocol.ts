/**
 * What a replica and the authority tell each other. Plain data that structured clone carries, and JSON as well where the
 * states are JSON: fields that have nothing to say are absent, never `undefined`.
 *
 * Both directions are FIFO. Every message of the authority carries its position at the moment of sending, and updates of
 * the keys that the replica follows are sent before it: a replica that received position p has every key it follows at
 * least as new as p says (invariant 4).
 */

import type { EncodedError } from "../../errors/error-codec.ts";
import type { CommitRequest, KeyRead, KeyWrite } from "../versions/commit.ts";
import type { HistoryRange } from "../versions/history-range.ts";
import type { Patch } from "../versions/patch.ts";
import type { KeyExtent, Position, Snapshot, SnapshotMeta, VersionAt } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";

/** Numbers a replica's requests; the answer carries the same. */
export type RequestId = number;

/** From a replica to the authority. */
export type ReplicaMessage =
  | { readonly kind: "commit"; readonly id: RequestId; readonly request: SentCommit }
  /** Send the newest version, then every update. Replaces an earlier follow of the key. */
  | { readonly kind: "follow"; readonly id: RequestId; readonly key: StateKey }
  | { readonly kind: "unfollow"; readonly key: StateKey }
  /** Asks for nothing but the position in the answer. */
  | { readonly kind: "sync"; readonly id: RequestId }
  | { readonly kind: "at"; readonly id: RequestId; readonly key: StateKey; readonly when: VersionAt }
  | { readonly kind: "extent" | "size"; readonly id: RequestId; readonly key: StateKey }
  /** What was committed under an idempotency key, if anything was. */
  | {
      readonly kind: "committed";
      readonly id: RequestId;
      readonly key: StateKey;
      readonly idempotencyKey: string;
      /** The keys that may have been committed to together with it. */
      readonly beside: readonly StateKey[];
    }
  | { readonly kind: "records"; readonly id: RequestId; readonly key: StateKey; readonly range: HistoryRange }
  | { readonly kind: "keys"; readonly id: RequestId; readonly prefix: string };

/** A commit without its states, which the authority makes of the patches. */
export interface SentCommit extends Omit<CommitRequest, "changes"> {
  readonly changes: readonly (KeyRead | Omit<KeyWrite, "state">)[];
}

/** A version as its difference from the one before, or from the one before it in an answer. */
export interface SnapshotUpdate {
  readonly meta: SnapshotMeta;
  readonly patches: readonly Patch[];
}

/** What the authority has to say; {@link AuthorityMessage} adds the position. */
export type AuthorityAnswer =
  /** The committer has the states. A conflict doesn't carry the head: a follower has it by now, others ask. */
  | { readonly kind: "committed"; readonly id: RequestId; readonly metas: readonly SnapshotMeta[] }
  | { readonly kind: "duplicate"; readonly id: RequestId; readonly snapshots: readonly Snapshot[] }
  | { readonly kind: "conflict"; readonly id: RequestId; readonly key: StateKey }
  /** The newest version of a key that is followed from now on; absent for a key without one. */
  | { readonly kind: "followed"; readonly id: RequestId; readonly key: StateKey; readonly snapshot?: Snapshot }
  | { readonly kind: "synced"; readonly id: RequestId }
  /** Answers `at` and `committed`. */
  | { readonly kind: "found"; readonly id: RequestId; readonly snapshot?: Snapshot }
  | { readonly kind: "extent"; readonly id: RequestId; readonly extent?: KeyExtent }
  | { readonly kind: "size"; readonly id: RequestId; readonly bytes: number }
  /** Answers `records`: the oldest version whole, each later one as an update, ascending whatever the range's order. */
  | {
      readonly kind: "chain";
      readonly id: RequestId;
      readonly oldest?: Snapshot;
      readonly updates: readonly SnapshotUpdate[];
    }
  | { readonly kind: "listed"; readonly id: RequestId; readonly keys: readonly StateKey[] }
  | { readonly kind: "failed"; readonly id: RequestId; readonly error: EncodedError }
  /** What one commit made of followed keys: the next version of each. */
  | { readonly kind: "update"; readonly updates: readonly SnapshotUpdate[] };

/** From the authority to a replica. */
export type AuthorityMessage = AuthorityAnswer & { readonly position: Position };
