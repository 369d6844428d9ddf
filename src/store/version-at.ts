/** Finds the version that a key had at a position of the store's total order. */

import type { Journal } from "./journal.ts";
import { chain, type MaybePromise } from "./maybe-promise.ts";
import type { Position } from "./snapshot.ts";
import type { StateKey } from "./state-definition.ts";

/**
 * Returns the highest of the versions 1 to `newest` that isn't after `position`; 0 for none. Reads as many versions'
 * metadata as `newest` has binary digits. A version that the journal has forgotten counts as early enough.
 */
export function versionAt(journal: Journal, key: StateKey, newest: number, position: Position): MaybePromise<number> {
  const search = (lowest: number, highest: number): MaybePromise<number> => {
    if (lowest === highest) return lowest;
    const middle = Math.ceil((lowest + highest) / 2);
    return chain(journal.meta(key, middle), (meta) =>
      meta === undefined || meta.position <= position ? search(middle, highest) : search(lowest, middle - 1),
    );
  };
  return search(0, newest);
}
