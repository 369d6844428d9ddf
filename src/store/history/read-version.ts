/** Reads one version of a key, or fails with an error that says which versions exist. */

import type { MaybePromise } from "../../async/maybe-promise.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { erasedVersion } from "../versions/tombstone.ts";
import { noSuchVersion } from "./no-such-version.ts";
import type { KeyExtent, Snapshot, VersionAt } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";
import { readGiven } from "../../contracts/read-given.ts";
import { shown } from "../../values/shown.ts";

/** What versions are read from: any thread's access, or the authority itself. */
interface VersionReader {
  at(key: StateKey, when: VersionAt): MaybePromise<Snapshot | undefined>;
  extent(key: StateKey): MaybePromise<KeyExtent | undefined>;
}

/** @throws TroupeError `no-such-version`; `erased`, also for the tombstone itself; `invalid-options` for an invalid time. */
export async function readVersion(access: VersionReader, key: StateKey, when: VersionAt): Promise<Snapshot> {
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
