/** The port to where the store persists: memory, LMDB, later a distributed log. */

import type { CommitRecord } from "./commit.ts";
import type { MaybePromise } from "./maybe-promise.ts";
import type { Position, Snapshot } from "./snapshot.ts";
import type { StateKey } from "./state-definition.ts";

/**
 * Keeps every version of every key. One authority writes it.
 *
 * What a journal owes: appends take effect in the order of the calls, also while several are on their way, and may share
 * a flush; what it read or acknowledged is never taken back. States it hands out are deeply frozen, share structure
 * between versions as far as it can, and are the same whether read now or after it was closed and opened again.
 */
export interface Journal {
  /** The highest position it holds; 0 when empty. Read once, when an authority starts. */
  readonly position: Position;
  /**
   * Keeps one version. Returned or resolved: it is durable. Thrown or rejected: it is certainly not kept, and a record
   * whose parent isn't the newest version kept of its key must be refused, so that nothing is built on what was lost.
   */
  append(record: CommitRecord): MaybePromise<void>;
  /** The newest version of a key. */
  head(key: StateKey): MaybePromise<Snapshot | undefined>;
  /** One version of a key; `undefined` for one it does not hold. */
  at(key: StateKey, version: number): MaybePromise<Snapshot | undefined>;
  /** The records of the versions from `lowest` to `highest` that it holds, ascending. */
  records(key: StateKey, lowest: number, highest: number): MaybePromise<readonly CommitRecord[]>;
  /** The version that was committed under an idempotency key. */
  committed(idempotencyKey: string): MaybePromise<Snapshot | undefined>;
  /** The keys that start with `prefix` and have a version, in ascending order of their UTF-16 code units. */
  keys(prefix: string): MaybePromise<readonly StateKey[]>;
  /** Called once, after the last append was settled. */
  close(): MaybePromise<void>;
}
