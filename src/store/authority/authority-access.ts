/** Access to the store on the authority's own thread, by direct calls. */

import type { Observable } from "rxjs";
import type { CommitOutcome, CommitRequest } from "../versions/commit.ts";
import type { HistoryRange } from "../versions/history-range.ts";
import type { MaybePromise } from "../../async/maybe-promise.ts";
import type { KeyExtent, Position, Snapshot, VersionWhen } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";
import type { StoreAccess } from "../versions/store-access.ts";
import type { StoreAuthority } from "./store-authority.ts";

/** Passes calls on to the authority. Reads ignore the causal token, as none can be ahead of the authority. */
export class AuthorityAccess implements StoreAccess {
  readonly #authority: StoreAuthority;

  constructor(authority: StoreAuthority) {
    this.#authority = authority;
  }

  get position(): Position {
    return this.#authority.position;
  }

  snapshot(key: StateKey): MaybePromise<Snapshot | undefined> {
    return this.#authority.head(key);
  }

  submit(request: CommitRequest): MaybePromise<CommitOutcome> {
    return this.#authority.commit(request);
  }

  committed(key: StateKey, idempotencyKey: string, beside?: readonly StateKey[]): MaybePromise<Snapshot | undefined> {
    return this.#authority.committed(key, idempotencyKey, beside);
  }

  async history(key: StateKey, range: HistoryRange): Promise<readonly Snapshot[]> {
    return this.#authority.history(key, range);
  }

  async at(key: StateKey, when: VersionWhen): Promise<Snapshot | undefined> {
    return this.#authority.at(key, when);
  }

  async extent(key: StateKey): Promise<KeyExtent | undefined> {
    return this.#authority.extent(key);
  }

  async size(key: StateKey): Promise<number> {
    return this.#authority.size(key);
  }

  async keys(prefix: string): Promise<readonly StateKey[]> {
    return this.#authority.keys(prefix);
  }

  async settled(): Promise<Position> {
    return this.#authority.settled();
  }

  watch(key: StateKey): Observable<Snapshot> {
    return this.#authority.watch(key);
  }
}
