import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import { lmdbJournal } from "../../../src/store/journal/lmdb-journal.ts";
import type { Journal } from "../../../src/store/journal.ts";
import { testJournalContract } from "../support/journal-contract.ts";

const open = new Map<Journal, string>();

async function openAt(path: string): Promise<Journal> {
  const journal = await lmdbJournal(path);
  open.set(journal, path);
  return journal;
}

async function reopen(journal: Journal): Promise<Journal> {
  const path = open.get(journal) as string;
  open.delete(journal);
  await journal.close();
  return openAt(path);
}

afterEach(async () => {
  for (const [journal, path] of open) {
    await journal.close();
    await rm(path, { recursive: true });
  }
  open.clear();
});

testJournalContract(async () => openAt(await mkdtemp(join(tmpdir(), "troupe-journal-"))), reopen);
