/** The journal that survives: every version on disk, in an embedded LMDB. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Journal } from "../journal.ts";
import { openEnvironment } from "./lmdb-environment.ts";
import { StoredVersions } from "./stored-versions.ts";

export interface LmdbJournalOptions {
  /** Only reads: may stand beside the process that owns the journal. Whatever writes throws. Default false. */
  readonly readOnly?: boolean;
}

/**
 * Opens the journal in the directory `path`; makes one where there is none.
 *
 * @example
 * await using system = await createSystem({ journal: lmdbJournal("./state") });
 */
export async function lmdbJournal(path: string, options: LmdbJournalOptions = {}): Promise<Journal> {
  const { readOnly = false } = options;
  if (!readOnly) mkdirSync(path, { recursive: true });
  const environment = await openEnvironment(join(path, "data-1.mdb"), { readOnly });
  return new StoredVersions(environment);
}
