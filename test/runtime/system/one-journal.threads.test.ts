/** A journal belongs to one system at a time, whatever kind of journal it is. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createSystem, type Journal, lmdbJournal, memoryJournal } from "troupe";
import { failure } from "../../store/support/failure.ts";

const directory = mkdtempSync(join(tmpdir(), "troupe-one-journal-"));

it.each<[string, () => Journal | Promise<Journal>]>([
  ["in memory", () => memoryJournal()],
  ["on disk", () => lmdbJournal(directory)],
])("one %s is refused to a second system until the first has closed", async (kind, make) => {
  const journal = await make();
  const first = await createSystem({ threads: 1, journal });
  for (const given of [journal, Promise.resolve(journal)]) {
    expect(await failure(createSystem({ threads: 1, journal: given }))).toMatchObject({
      code: "journal-in-use",
      details: { pid: process.pid },
    });
  }
  await first.close();
  if (kind === "on disk") rmSync(directory, { recursive: true });
  else await (await createSystem({ threads: 1, journal })).close();
});
