/** Errors of what a journal keeps and can't read. */

import { TroupeError } from "../../../errors/troupe-error.ts";
import type { StateKey } from "../../versions/state-key.ts";

/** The error of a version that can't be read. */
export function corruptVersion(key: StateKey, version: number, what: string, cause?: unknown): TroupeError {
  return new TroupeError(
    "journal-corrupt",
    `Version ${version} of ${key} can't be read: ${what}. Other versions can. Run \`troupe verify\` for all that is damaged, and restore the journal from a backup.`,
    { details: { key, version, what }, ...(cause === undefined ? {} : { cause }) },
  );
}

/** The error of a key whose entry, and with it every version, can't be read. */
export function corruptKey(key: StateKey, what: string): TroupeError {
  return new TroupeError(
    "journal-corrupt",
    `The key ${key} can't be read: ${what}. Other keys can. Run \`troupe verify\` for all that is damaged, and restore the journal from a backup.`,
    { details: { key, what } },
  );
}
