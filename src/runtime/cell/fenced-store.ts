/** The store for work that may be given up while its code still runs: from then on it takes none of its commits. */

import type { MaybePromise } from "../../async/maybe-promise.ts";
import type { CommitOutcome, CommitRequest } from "../../store/versions/commit.ts";
import type { StoreAccess } from "../../store/versions/store-access.ts";
import { ThroughStore } from "../../store/versions/through-store.ts";

/** A life of an actor, or an attempt at a step. */
export interface Fenced {
  /** Why it has no effect any more; `undefined` as long as it has. */
  readonly refusal: Error | undefined;
}

/**
 * Access that refuses each commit once its owner is given up, also further tries of a commit that had begun. What was submitted
 * before may still land: the owner's successor waits for that ({@link StoreAccess.settled}).
 */
export class FencedStore extends ThroughStore {
  readonly #owner: Fenced;

  constructor(store: StoreAccess, owner: Fenced) {
    super(store);
    this.#owner = owner;
  }

  /** @throws the owner's refusal, once there is one. */
  override submit(request: CommitRequest): MaybePromise<CommitOutcome> {
    const { refusal } = this.#owner;
    if (refusal !== undefined) throw refusal;
    return super.submit(request);
  }
}
