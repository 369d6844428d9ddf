/**
 * Finds a version by its position or time: a binary search, since neither ever falls from one version of a key to the
 * next.
 */

import type { Journal } from "../journal/journal.ts";
import { chain, type MaybePromise } from "../../async/maybe-promise.ts";
import type { SnapshotMeta } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";

/**
 * The last version from `lowest` to `highest` for which `holds` is true; `lowest - 1` if there is none. `holds` must be
 * true up to some version and false after it. Reads the metadata of about log₂(n) versions of n. A version that the
 * journal has dropped counts as true, since it is older than all that are kept.
 */
export function lastVersion(
  journal: Pick<Journal, "meta">,
  key: StateKey,
  lowest: number,
  highest: number,
  holds: (meta: SnapshotMeta) => boolean,
): MaybePromise<number> {
  const search = (low: number, high: number): MaybePromise<number> => {
    if (low >= high) return low;
    const middle = Math.ceil((low + high) / 2);
    return chain(journal.meta(key, middle), (meta) =>
      meta === undefined || holds(meta) ? search(middle, high) : search(low, middle - 1),
    );
  };
  return search(lowest - 1, highest);
}
