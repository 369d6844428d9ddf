/** Looks up the key that the command line names. */

import { TroupeError } from "../../errors/troupe-error.ts";
import type { KeyExtent } from "../../store/versions/snapshot.ts";
import type { StateKey } from "../../store/versions/state-key.ts";
import type { StoreAccess } from "../../store/versions/store-access.ts";
import { nearNames } from "../output/near-names.ts";
import { oneLine } from "../output/one-line.ts";

/** @throws TroupeError `no-such-key`, which lists keys with similar names. */
export async function findKey(access: StoreAccess, key: StateKey): Promise<KeyExtent> {
  const extent = await access.extent(key);
  if (extent !== undefined) return extent;
  const near = nearNames(key, await access.keys(""));
  const instead = near.length === 0 ? "troupe keys lists those there are" : `did you mean ${near.join(", ")}?`;
  throw new TroupeError("no-such-key", oneLine(`there is no key ${key}; ${instead}`), { details: { key, near } });
}
