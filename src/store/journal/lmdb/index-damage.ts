/** Checks the indexes of keys and idempotency keys: with a damaged entry in one, "there is none" would be a guess. */

import { checkDataFile } from "./files/data-file-check.ts";
import { unsealBytes } from "../records/sealed-bytes.ts";

/** How many entries are damaged. */
export interface IndexDamage {
  readonly keys: number;
  readonly idempotencyKeys: number;
}

/**
 * Checks a data file's structure, and the entries of keys and idempotency keys.
 *
 * @throws TroupeError `journal-corrupt` for damage of the structure.
 */
export function inspectIndexes(file: string): IndexDamage {
  let keys = 0;
  let idempotencyKeys = 0;
  checkDataFile(file, (table, place, load) => {
    if (table !== "keys" && table !== "idempotency") return;
    if (unsealBytes(place, load()) !== undefined) return;
    if (table === "keys") keys++;
    else idempotencyKeys++;
  });
  return { keys, idempotencyKeys };
}
