/** The store as a supervised actor reaches it: it takes no commits of a life that was replaced. */

import type { MaybePromise } from "../../async/maybe-promise.ts";
import type { CommitOutcome, CommitRequest } from "../../store/versions/commit.ts";
import type { StoreAccess } from "../../store/versions/store-access.ts";
import { ThroughStore } from "../../store/versions/through-store.ts";
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
export class FencedStore extends ThroughStore {
  readonly #cell: Fenced;

  constructor(store: StoreAccess, cell: Fenced) {
    super(store);
    this.#cell = cell;
  }

  /** @throws TroupeError `actor-stopped`. */
  override submit(request: CommitRequest): MaybePromise<CommitOutcome> {
    if (this.#cell.isFenced) throw replaced(this.#cell.address);
    return super.submit(request);
  }
}
