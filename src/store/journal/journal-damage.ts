/** Errors about journals on disk. */

import { TroupeError } from "../../errors/troupe-error.ts";
import type { StateKey } from "../state-definition.ts";

/** A version that can't be read. */
export function corruptVersion(key: StateKey, version: number, what: string, cause?: unknown): TroupeError {
  return new TroupeError(
    "journal-corrupt",
    `Version ${version} of ${key} can't be read: ${what}. Other versions can. Run \`troupe verify\` for all that is damaged, and restore the journal from a backup.`,
    { details: { key, version, what }, ...(cause === undefined ? {} : { cause }) },
  );
}

/** Something in a journal's files that isn't a version. */
export function corruptFile(file: string, what: string, details: Readonly<Record<string, unknown>> = {}): TroupeError {
  return new TroupeError(
    "journal-corrupt",
    `The journal's file ${file} is damaged: ${what}. It was not opened. Restore it from a backup.`,
    { details: { file, what, ...details } },
  );
}

/** The entry of a key that can't be read, and with it none of its versions. */
export function corruptKey(key: StateKey, what: string): TroupeError {
  return new TroupeError(
    "journal-corrupt",
    `The key ${key} can't be read: ${what}. Other keys can. Run \`troupe verify\` for all that is damaged, and restore the journal from a backup.`,
    { details: { key, what } },
  );
}
