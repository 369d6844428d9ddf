/** The durable journal: every version on disk, in an embedded LMDB. */

import type { Durability } from "./durability.ts";
import { resolve } from "node:path";
import { TroupeError } from "../../../errors/troupe-error.ts";
import type { Journal } from "../journal.ts";
import { type IndexDamage, inspectIndexes } from "./index-damage.ts";
import {
  dataFileOf,
  draftFile,
  makeDirectory,
  noSuchJournal,
  promoteDraft,
  removeOlder,
} from "./files/journal-files.ts";
import { writeInfo } from "./journal-info.ts";
import { ownerOf, ownJournal } from "./files/journal-owner.ts";
import { type Environment, openEnvironment } from "./lmdb-environment.ts";
import { StoredVersions } from "./stored-versions.ts";

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

const nothingDamaged: IndexDamage = { keys: 0, idempotencyKeys: 0 };

/**
 * Opens the journal in the directory `path`; creates it if there is none, unless `readOnly`.
 *
 * Guarantees: an acknowledged commit survives the end of the process at any instruction, and the machine's if the disk
 * keeps what it has confirmed (see {@link Durability}). Every version can be read in bounded time, and takes room in
 * proportion to its changes. Commits that arrive while the disk is busy share the next flush. Reads are synchronous.
 * One system owns a journal at a time, until `close` or the end of its process. The files are checked before they are
 * mapped, so damage is an error, never a crash. If a version is damaged later, only reading that version fails.
 *
 * @throws TroupeError (as a rejection) `journal-in-use`, `journal-format`, `journal-corrupt`; `no-such-journal` when
 * `readOnly` and there is none; `invalid-options`.
 * @example
 * await using system = await createSystem({ journal: lmdbJournal("./state") });
 * @since 0.1.0
 */
export async function lmdbJournal(path: string, options: LmdbJournalOptions = {}): Promise<Journal> {
  const { durability = "sync", readOnly = false } = options;
  if (durability !== "sync" && durability !== "relaxed") {
    throw new TroupeError(
      "invalid-options",
      `lmdbJournal: durability is "sync" or "relaxed", not ${JSON.stringify(durability)}`,
    );
  }
  const directory = resolve(path);
  return readOnly ? openToRead(directory) : openToOwn(directory, durability);
}

async function openToRead(directory: string): Promise<Journal> {
  const file = dataFileOf(directory);
  if (file === undefined) throw noSuchJournal(directory, "it has no data file");
  // an owner has checked the file, and is changing it now
  const damage = ownerOf(directory) === undefined ? inspectIndexes(file) : nothingDamaged;
  const environment = await openEnvironment(file, { readOnly: true });
  return closingOnFailure(environment, () => new StoredVersions(environment, { directory, damage, access: "read" }));
}

async function openToOwn(directory: string, durability: Durability): Promise<Journal> {
  makeDirectory(directory);
  const ownership = ownJournal(directory);
  try {
    const file = dataFileOf(directory) ?? (await makeDataFile(directory));
    removeOlder(directory);
    const damage = inspectIndexes(file);
    const environment = await openEnvironment(file, { readOnly: false });
    const release = (): void => ownership.release();
    return await closingOnFailure(
      environment,
      () => new StoredVersions(environment, { directory, damage, access: durability, release }),
    );
  } catch (error) {
    ownership.release();
    throw error;
  }
}

async function makeDataFile(directory: string): Promise<string> {
  const environment = await openEnvironment(draftFile(directory), { readOnly: false });
  try {
    await environment.write(() => writeInfo(environment.tables.info, { position: 0, time: 0, nextId: 1 }));
  } finally {
    await environment.close();
  }
  return promoteDraft(directory);
}

async function closingOnFailure<T>(environment: Environment, make: () => T): Promise<T> {
  try {
    return make();
  } catch (error) {
    await environment.close();
    throw error;
  }
}
