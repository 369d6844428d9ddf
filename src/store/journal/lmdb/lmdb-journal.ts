/** The durable journal: every version on disk, in an embedded LMDB. */

import * as v from "valibot";
import { checkOptions } from "../../../contracts/check-options.ts";
import type { Journal } from "../journal.ts";
import type { Durability } from "./durability.ts";
import {
  dataFileOf,
  directoryOf,
  draftFile,
  makeDirectory,
  nextDataFile,
  promoteDraft,
  removeDraft,
  removeOlder,
} from "./files/journal-files.ts";
import { ownJournal } from "./files/journal-owner.ts";
import { FollowedFile } from "./followed-file.ts";
import { inspectIndexes } from "./index-damage.ts";
import { openingFailed } from "./journal-errors.ts";
import type { JournalFile } from "./journal-file.ts";
import { writeInfo } from "./journal-info.ts";
import { loadLmdb, type OpenEnvironment } from "./lmdb-environment.ts";
import { OwnedFile } from "./owned-file.ts";
import { StoredVersions, type StoredVersionsOptions } from "./stored-versions.ts";

/**
 * How a journal on disk is opened.
 *
 * @since 0.1.0
 */
export interface LmdbJournalOptions {
  /** What an acknowledged commit survives. Default `"sync"`. */
  readonly durability?: Durability;
  /**
   * Opens the journal for reading only, which may be done while a system in another process owns it. Reads see what the
   * owner has on disk at the time; writes throw. Default false.
   */
  readonly readOnly?: boolean;
}

const schema = v.strictObject({
  durability: v.optional(v.picklist(["sync", "relaxed"])),
  readOnly: v.optional(v.boolean()),
});

/**
 * Opens the journal in the directory `path`; creates it if there is none, unless `readOnly`.
 *
 * Guarantees: an acknowledged commit survives the end of the process at any instruction, and the machine's if the disk
 * keeps what it has confirmed (see {@link Durability}). Every version can be read in bounded time, and takes room in
 * proportion to its changes. Commits that arrive while the disk is busy share the next flush. Reads are synchronous.
 * One system owns a journal at a time, until `close` or the end of its process. The files are checked before they are
 * mapped, so damage is an error, never a crash. If a version is damaged later, only reading that version fails.
 *
 * Before each flush and after it, the owner looks whether its files are still at their place and its own. Once they aren't,
 * or the disk refused the page that puts a commit in force, everything fails with `journal-stopped`.
 *
 * @throws TroupeError (as a rejection) `journal-in-use`, `journal-format`, `journal-corrupt`; `journal-failed` for files
 * that can't be opened; `no-such-journal` when `readOnly` and there is none; `invalid-options` for an empty path and for
 * an option that there isn't.
 * @example
 * await using system = await createSystem({ journal: lmdbJournal("./state") });
 * @since 0.1.0
 */
export async function lmdbJournal(path: string, options: LmdbJournalOptions = {}): Promise<Journal> {
  const directory = directoryOf("lmdbJournal", path);
  checkOptions("lmdbJournal", schema, options);
  const { durability = "sync", readOnly = false } = options;
  try {
    const open = await loadLmdb();
    return readOnly ? await openToRead(directory, open) : await openToOwn(directory, open, durability);
  } catch (error) {
    throw openingFailed(directory, error);
  }
}

async function openToRead(directory: string, open: OpenEnvironment): Promise<Journal> {
  return versionsIn(new FollowedFile(directory, open), { directory, access: "read" });
}

async function openToOwn(directory: string, open: OpenEnvironment, durability: Durability): Promise<Journal> {
  makeDirectory(directory);
  const ownership = ownJournal(directory);
  let file: JournalFile;
  try {
    const path = dataFileOf(directory) ?? (await makeDataFile(directory, open).finally(() => removeDraft(directory)));
    removeDraft(directory); // of a compaction that was cut off
    removeOlder(directory);
    file = new OwnedFile({ directory, path, damage: inspectIndexes(path), open, ownership });
  } catch (error) {
    ownership.release();
    throw error;
  }
  return versionsIn(file, { directory, access: durability });
}

async function makeDataFile(directory: string, open: OpenEnvironment): Promise<string> {
  const environment = open(draftFile(directory), { readOnly: false });
  try {
    await environment.write(() => writeInfo(environment.tables.info, { position: 0, time: 0, nextId: 1 }));
  } finally {
    await environment.close();
  }
  const path = nextDataFile(directory);
  promoteDraft(directory, path);
  return path;
}

async function versionsIn(file: JournalFile, options: StoredVersionsOptions): Promise<Journal> {
  try {
    return new StoredVersions(file, options);
  } catch (error) {
    await file.close();
    throw error;
  }
}
