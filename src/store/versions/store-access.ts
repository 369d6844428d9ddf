/** The store as a thread reaches it: directly where the authority lives, through a replica elsewhere. */

import type { Observable } from "rxjs";
import type { CommitOutcome, CommitRequest } from "./commit.ts";
import type { HistoryRange } from "./history-range.ts";
import type { MaybePromise } from "../../async/maybe-promise.ts";
import type { KeyExtent, Position, Snapshot, VersionWhen } from "./snapshot.ts";
import type { StateKey } from "./state-key.ts";

/**
 * The interface under `StoreClient`. A method that returns a {@link MaybePromise} answers synchronously if it can, and
 * then throws instead of rejecting.
 */
export interface StoreAccess {
  /** Everything up to here was seen on this thread. */
  readonly position: Position;
  /**
   * The newest version known here, never older than `token` says (invariant 4); `undefined` for a key without one.
   *
   * @throws TroupeError `invalid-options` for a token ahead of the store, which must come from another store.
   */
  snapshot(key: StateKey, token: Position): MaybePromise<Snapshot | undefined>;
  /**
   * Submits a commit. The outcome's snapshots are this thread's: frozen, and sharing structure with earlier versions.
   */
  submit(request: CommitRequest): MaybePromise<CommitOutcome>;
  /**
   * The version that was committed to `key` under an idempotency key, if there is one. `beside`: further keys that the
   * same commit may have written. Default: none.
   */
  committed(key: StateKey, idempotencyKey: string, beside?: readonly StateKey[]): MaybePromise<Snapshot | undefined>;
  /**
   * The versions in a range, in its order, as the authority knows them.
   *
   * @throws TroupeError `no-such-version` for a bound below the oldest version that is kept.
   */
  history(key: StateKey, range: HistoryRange): Promise<readonly Snapshot[]>;
  /** One version; `undefined` if it doesn't exist. */
  at(key: StateKey, when: VersionWhen): Promise<Snapshot | undefined>;
  /** The range of versions that are kept; `undefined` for a key without one. */
  extent(key: StateKey): Promise<KeyExtent | undefined>;
  /** How many bytes a key's versions take in the journal; 0 for a key without one. */
  size(key: StateKey): Promise<number>;
  /** The keys that start with `prefix` and have a version, in ascending order. */
  keys(prefix: string): Promise<readonly StateKey[]>;
  /**
   * Waits until each commit that was submitted before, from any thread, has landed or failed, and resolves to the position then: a
   * read with that token sees what they did.
   */
  settled(): Promise<Position>;
  /** The newest version known here, if there is one, then each later one in order, without a gap. */
  watch(key: StateKey): Observable<Snapshot>;
}
