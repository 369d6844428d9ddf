/** Finds a version by what is known about it: a binary search, since positions and times of a key's versions never fall. */

import type { Journal } from "../journal/journal.ts";
import { chain, type MaybePromise } from "../../async/maybe-promise.ts";
import type { SnapshotMeta } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";

/**
 * The last of the versions from `lowest` to `highest` for which `holds`, which holds up to some version and for none after
 * it; `lowest - 1` when it holds for none of them. Reads as many versions' metadata as their number has binary digits. One
 * that the journal has dropped is older than all there are, so it counts as one for which it holds.
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
