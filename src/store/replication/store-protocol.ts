/**
 * The messages between a replica and the authority. Plain data for structured clone, and for JSON as well if the states
 * are JSON: fields without a value are absent, never `undefined`.
 *
 * Both directions are FIFO. Every message of the authority carries its position at the moment of sending, and is sent
 * after all updates up to it of the keys that the replica follows. So a replica that received position p has every key
 * that it follows at least as new as at p (invariant 4).
 */

import type { EncodedError } from "../../errors/error-codec.ts";
import type { CommitRequest, KeyRead, KeyWrite } from "../versions/commit.ts";
import type { HistoryRange } from "../versions/history-range.ts";
import type { Patch } from "../versions/patch.ts";
import type { KeyExtent, Position, Snapshot, SnapshotMeta, VersionWhen } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";

/** Numbers a replica's requests; the answer carries the same. */
export type RequestId = number;

/** From a replica to the authority. */
export type ReplicaMessage =
  | { readonly kind: "commit"; readonly id: RequestId; readonly request: SentCommit }
  /** Asks for the newest version and then every update. Replaces an earlier follow of the key. */
  | { readonly kind: "follow"; readonly id: RequestId; readonly key: StateKey }
  | { readonly kind: "unfollow"; readonly key: StateKey }
  /** Asks for nothing but the position in the answer. */
  | { readonly kind: "sync"; readonly id: RequestId }
  /** Asks for the same, once each commit that came before has landed or failed. */
  | { readonly kind: "settle"; readonly id: RequestId }
  | { readonly kind: "at"; readonly id: RequestId; readonly key: StateKey; readonly when: VersionWhen }
  | { readonly kind: "extent" | "size"; readonly id: RequestId; readonly key: StateKey }
  /** Asks for the version that was committed under an idempotency key, if there is one. */
  | {
      readonly kind: "committed";
      readonly id: RequestId;
      readonly key: StateKey;
      readonly idempotencyKey: string;
      /** Further keys that the same commit may have written. */
      readonly beside: readonly StateKey[];
    }
  | { readonly kind: "records"; readonly id: RequestId; readonly key: StateKey; readonly range: HistoryRange }
  | { readonly kind: "keys"; readonly id: RequestId; readonly prefix: string };

/** A commit without its states, which the authority computes from the patches. */
export interface SentCommit extends Omit<CommitRequest, "changes"> {
  readonly changes: readonly (KeyRead | Omit<KeyWrite, "state">)[];
}

/** A version as its difference from the one before, or from the one before it in an answer. */
export interface SnapshotUpdate {
  readonly meta: SnapshotMeta;
  readonly patches: readonly Patch[];
}

/** A message of the authority; {@link AuthorityMessage} adds the position. */
export type AuthorityAnswer =
  /**
   * Without states, which the committer has. A conflict doesn't carry the head: a follower has it by now, others ask
   * for it.
   */
  | { readonly kind: "committed"; readonly id: RequestId; readonly metas: readonly SnapshotMeta[] }
  | { readonly kind: "duplicate"; readonly id: RequestId; readonly snapshots: readonly Snapshot[] }
  | { readonly kind: "unknown"; readonly id: RequestId; readonly metas: readonly SnapshotMeta[] }
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
  /** Another process owns the journal: what is read here may be old from now on. Only commits that were asked for are still answered. */
  | { readonly kind: "lost"; readonly error: EncodedError }
  /** The next version of each followed key that one commit wrote. */
  | { readonly kind: "update"; readonly updates: readonly SnapshotUpdate[] };

/** From the authority to a replica. */
export type AuthorityMessage = AuthorityAnswer & { readonly position: Position };
