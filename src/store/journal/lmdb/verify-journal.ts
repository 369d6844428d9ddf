/** What tells whether a journal is as it was written. */

import { directoryOf } from "./files/journal-directory.ts";
import type { JournalReport } from "./journal-report.ts";

/**
 * Checks the structure of a journal's file, every checksum, that the versions of each key have no gap and that their
 * patches fit, that states kept whole are what the patches make, and that idempotency keys lead to their commits.
 * Changes nothing.
 *
 * Reads everything, and blocks the thread meanwhile.
 *
 * @throws TroupeError (as a rejection) `no-such-journal`; `journal-format`; `journal-failed` for files that can't be opened.
 * @example
 * const { damages } = await verifyJournal("./state");
 * for (const { key, version, what } of damages) console.error(key, version, what);
 * @since 0.1.0
 */
export async function verifyJournal(path: string): Promise<JournalReport> {
  const directory = directoryOf("verifyJournal", path);
  const { checkJournal } = await import("./check-journal.ts"); // loaded where it is used, as what opens a journal is
  return checkJournal(directory);
}
