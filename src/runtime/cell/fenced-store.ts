/** The store as a supervised actor reaches it: it takes no commits of a life that was replaced. */

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
 *
 * @throws TroupeError `actor-stopped`.
 */
export function fencedStore(store: StoreAccess, cell: Fenced): StoreAccess {
  return {
    get position() {
      return store.position;
    },
    submit(request) {
      if (cell.isFenced) throw replaced(cell.address);
      return store.submit(request);
    },
    snapshot: (key, token) => store.snapshot(key, token),
    committed: (key, idempotencyKey, beside) => store.committed(key, idempotencyKey, beside),
    history: (key, range) => store.history(key, range),
    at: (key, when) => store.at(key, when),
    extent: (key) => store.extent(key),
    size: (key) => store.size(key),
    keys: (prefix) => store.keys(prefix),
    watch: (key) => store.watch(key),
  };
}
