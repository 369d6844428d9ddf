/** What the total order of commits says about versions that were seen together. */

import type { CommitRecord } from "../../../src/store/versions/commit.ts";
import type { Snapshot } from "../../../src/store/versions/snapshot.ts";

/** Every version of every key that was kept, ascending. */
export type Kept = ReadonlyMap<string, readonly CommitRecord[]>;

/** The newest version of a key before a position; `undefined` if there was none. */
export function newestBefore(kept: Kept, key: string, position: number): Snapshot | undefined {
  return kept.get(key)?.findLast(({ snapshot }) => snapshot.position < position)?.snapshot;
}

/** True when there was a moment at which each of the keys was at the version (0: none) that is given for it. */
export function heldTogether(kept: Kept, versions: ReadonlyMap<string, number>): boolean {
  const positionOf = (key: string, version: number): number | undefined =>
    kept.get(key)?.[version - 1]?.snapshot.position;
  const since = Math.max(...[...versions].map(([key, version]) => positionOf(key, version) ?? 0));
  return [...versions].every(([key, version]) => (positionOf(key, version + 1) ?? Number.POSITIVE_INFINITY) > since);
}
