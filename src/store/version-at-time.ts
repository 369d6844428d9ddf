/** Finds versions by time: a binary search, for the times of a key's versions never fall. */

import type { Journal } from "./journal.ts";
import type { StateKey } from "./state-definition.ts";

/**
 * The last of the versions from `lowest` to `highest` for whose time `holds`, which holds up to some time and for none
 * after it; `lowest - 1` when it holds for none of them.
 */
export async function lastVersionBy(
  journal: Journal,
  key: StateKey,
  lowest: number,
  highest: number,
  holds: (time: number) => boolean,
): Promise<number> {
  let [low, high] = [lowest - 1, highest];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const meta = await journal.meta(key, middle);
    // one that was dropped meanwhile is older than all there are
    if (meta === undefined || holds(meta.time)) low = middle;
    else high = middle - 1;
  }
  return low;
}
