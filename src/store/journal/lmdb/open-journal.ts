/** Opens a journal in a directory: to own it, or to read what its owner has on disk. */

import type { Journal } from "../journal.ts";
import type { Durability } from "./durability.ts";
import {
  dataFileOf,
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

/** @throws TroupeError (as a rejection), those of `lmdbJournal`. */
export async function openJournal(
  directory: string,
  { durability, readOnly }: { readonly durability: Durability; readonly readOnly: boolean },
): Promise<Journal> {
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
