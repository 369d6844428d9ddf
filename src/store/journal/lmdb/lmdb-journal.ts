/** The durable journal: every version on disk, in an embedded LMDB. */

import * as v from "valibot";
import { checkOptions } from "../../../contracts/check-options.ts";
import type { Journal } from "../journal.ts";
import type { Durability } from "./durability.ts";
import { directoryOf } from "./files/journal-directory.ts";

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
  // Threads import this module as well, since modules of definitions do. They open no journal, and start faster without.
  const { openJournal } = await import("./open-journal.ts");
  const { durability = "sync", readOnly = false } = options;
  return openJournal(directory, { durability, readOnly });
}
