/** Journals on disk that don't outlive their test. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import { lmdbJournal, type LmdbJournalOptions } from "../../../src/store/journal/lmdb/lmdb-journal.ts";
import type { Journal } from "../../../src/store/journal/journal.ts";

export function temporaryJournals() {
  const directories: string[] = [];
  const journals = new Map<Journal, readonly [directory: string, options: LmdbJournalOptions]>();

  async function open(directory = newDirectory(), options: LmdbJournalOptions = {}): Promise<Journal> {
    const journal = await lmdbJournal(directory, options);
    journals.set(journal, [directory, options]);
    return journal;
  }

  async function reopen(journal: Journal): Promise<Journal> {
    const [directory, options] = journals.get(journal) ?? [];
    journals.delete(journal);
    await journal.close();
    return open(directory, options);
  }

  function newDirectory(): string {
    const directory = mkdtempSync(join(tmpdir(), "troupe-journal-"));
    directories.push(directory);
    return directory;
  }

  /** Closes and removes all there are. */
  async function clear(): Promise<void> {
    for (const journal of journals.keys()) await journal.close();
    journals.clear();
    for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
  }

  afterEach(clear);
  return { open, reopen, newDirectory, clear };
}
