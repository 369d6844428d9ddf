/** The error of beginning a key that has a version already. */

import { TroupeError } from "../../errors/troupe-error.ts";
import type { Snapshot } from "./snapshot.ts";
import type { StateKey } from "./state-key.ts";

/** @param cure what to do instead, as a sentence. */
export function keyExists(key: StateKey, head: Pick<Snapshot, "version"> | undefined, cure: string): TroupeError {
  const newest = head?.version ?? 0;
  return new TroupeError(
    "key-exists",
    `${key} is there already, up to version ${newest}. Nothing was changed. ${cure}`,
    {
      details: { key, newest },
    },
  );
}
