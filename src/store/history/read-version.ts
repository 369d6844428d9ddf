/** Reads one version of a key, or fails with an error that says which versions exist. */

import { TroupeError } from "../../errors/troupe-error.ts";
import { erasedVersion } from "../versions/tombstone.ts";
import { noSuchVersion } from "./no-such-version.ts";
import type { Snapshot, VersionAt } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";
import type { StoreAccess } from "../versions/store-access.ts";
import { readGiven } from "../../contracts/read-given.ts";
import { shown } from "../../values/shown.ts";

/** @throws TroupeError `no-such-version`; `erased`, also for the tombstone itself; `invalid-options` for an invalid time. */
export async function readVersion(
  access: Pick<StoreAccess, "at" | "extent">,
  key: StateKey,
  when: VersionAt,
): Promise<Snapshot> {
  if (typeof when !== "number" && !readGiven("at", () => Number.isFinite(when.time))) {
    throw new TroupeError(
      "invalid-options",
      `at: time is in milliseconds since the epoch, not ${shown(when.time)}. A Date has it as getTime().`,
    );
  }
  const snapshot = await access.at(key, when);
  if (snapshot === undefined) throw noSuchVersion(key, when, await access.extent(key));
  if (snapshot.erased !== undefined) throw erasedVersion(snapshot, "What was there before");
  return snapshot;
}
