/** The store as a supervised actor reaches it: closed for a life of it that another one has replaced. */

import type { StoreAccess } from "../../store/versions/store-access.ts";
import { replaced } from "../messaging/ask-errors.ts";

/** Who is let in: a cell. */
interface Fenced {
  readonly address: string;
  /** True once it is replaced, or given up. */
  readonly isFenced: boolean;
}

/**
 * Access that refuses commits of a cell that is fenced off. What it asked for before has its place before anything that the next
 * life reads, since its host says only then that it is gone.
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
