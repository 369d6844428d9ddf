/** The store as a supervised actor reaches it: it takes no commits of a life that was replaced. */

import type { Observable } from "rxjs";
import type { MaybePromise } from "../../async/maybe-promise.ts";
import type { CommitOutcome, CommitRequest } from "../../store/versions/commit.ts";
import type { HistoryRange } from "../../store/versions/history-range.ts";
import type { KeyExtent, Position, Snapshot, VersionWhen } from "../../store/versions/snapshot.ts";
import type { StateKey } from "../../store/versions/state-key.ts";
import type { StoreAccess } from "../../store/versions/store-access.ts";
import { replaced } from "../messaging/ask-errors.ts";

/** The cell that has the access. */
interface Fenced {
  readonly address: string;
  /** True once it is replaced, or given up. */
  readonly isFenced: boolean;
}

/**
 * Access that refuses the commits of a fenced cell. What the cell had submitted before comes before anything that the next life
 * reads, since the host reports the end of this life only after it has fenced the cell.
 */
export class FencedStore implements StoreAccess {
  readonly #store: StoreAccess;
  readonly #cell: Fenced;

  constructor(store: StoreAccess, cell: Fenced) {
    this.#store = store;
    this.#cell = cell;
  }

  get position(): Position {
    return this.#store.position;
  }

  /** @throws TroupeError `actor-stopped`. */
  submit(request: CommitRequest): MaybePromise<CommitOutcome> {
    if (this.#cell.isFenced) throw replaced(this.#cell.address);
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

  watch(key: StateKey): Observable<Snapshot> {
    return this.#store.watch(key);
  }
}
