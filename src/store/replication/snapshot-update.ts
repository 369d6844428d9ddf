/** Turns versions into updates for followers, and updates into versions. */

import { applyPatches } from "../versions/apply-patches.ts";
import type { CommitRecord } from "../versions/commit.ts";
import { metaOf, snapshotOf, type Snapshot } from "../versions/snapshot.ts";
import type { SnapshotUpdate } from "./store-protocol.ts";

export function updateOf({ snapshot, patches }: CommitRecord): SnapshotUpdate {
  return { meta: metaOf(snapshot), patches };
}

/**
 * The version that an update makes from the one before. Throws when the update belongs to another version, or doesn't
 * fit.
 */
export function nextOf(last: Snapshot | undefined, { meta, patches }: SnapshotUpdate): Snapshot {
  const expected = (last?.version ?? 0) + 1;
  if (meta.version !== expected) {
    throw new Error(
      `Defect: an update of ${meta.key} to version ${meta.version} arrived where version ${expected} was due.`,
    );
  }
  return patched(last, { meta, patches });
}

/** The version that an update makes from an earlier one, which need not be the one right before. */
export function patched(last: Snapshot | undefined, { meta, patches }: SnapshotUpdate): Snapshot {
  return snapshotOf(meta, applyPatches(last?.state, patches));
}
