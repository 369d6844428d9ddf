/** Passes everything on to another access to the store: the base of accesses that override a part of that. */

import type { Observable } from "rxjs";
import type { MaybePromise } from "../../async/maybe-promise.ts";
import type { CommitOutcome, CommitRequest } from "./commit.ts";
import type { HistoryRange } from "./history-range.ts";
import type { KeyExtent, Position, Snapshot, VersionWhen } from "./snapshot.ts";
import type { StateKey } from "./state-key.ts";
import type { StoreAccess } from "./store-access.ts";

export class ThroughStore implements StoreAccess {
  readonly #store: StoreAccess;

  constructor(store: StoreAccess) {
    this.#store = store;
  }

  get position(): Position {
    return this.#store.position;
  }

  submit(request: CommitRequest): MaybePromise<CommitOutcome> {
    return this.#store.submit(request);
  }

  snapshot(key: StateKey, token: Position): MaybePromise<Snapshot | undefined> {
    return this.#store.snapshot(key, token);
  }

  committed(key: StateKey, idempotencyKey: string, beside?: readonly StateKey[]): MaybePromise<Snapshot | undefined> {
    return this.#store.committed(key, idempotencyKey, beside);
  }

  history(key: StateKey, range: HistoryRange): Promise<readonly Snapshot[]> {
    return this.#store.history(key, range);
  }

  at(key: StateKey, when: VersionWhen): Promise<Snapshot | undefined> {
    return this.#store.at(key, when);
  }

  extent(key: StateKey): Promise<KeyExtent | undefined> {
    return this.#store.extent(key);
  }

  size(key: StateKey): Promise<number> {
    return this.#store.size(key);
  }

  keys(prefix: string): Promise<readonly StateKey[]> {
    return this.#store.keys(prefix);
  }

  settled(): Promise<Position> {
    return this.#store.settled();
  }

  watch(key: StateKey): Observable<Snapshot> {
    return this.#store.watch(key);
  }
}
