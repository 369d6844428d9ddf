/** Who looks on beside an owner follows it, and leaves nothing behind that is in its way. */

import { chownSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lmdbJournal } from "../../../../src/store/journal/lmdb/lmdb-journal.ts";
import { failure } from "../../support/failure.ts";
import { recordOf } from "../../support/requests.ts";
import { temporaryJournals } from "../../support/temporary-journals.ts";

const { open, newDirectory } = temporaryJournals();

describe("a reader", () => {
  it("follows the owner into the file that a compaction makes", async () => {
    const directory = newDirectory();
    const owner = await open(directory);
    await owner.append([recordOf("a/1", 1, 1, { idempotencyKey: "first" })]);
    const reader = await open(directory, { readOnly: true });
    expect(await reader.head("a/1")).toMatchObject({ version: 1 });
    for (let round = 1; round <= 3; round++) {
      await owner.compact();
      await owner.append([recordOf("a/1", round + 1, round + 1, { idempotencyKey: `round ${round}` })]);
      await owner.append([recordOf(`b/${round}`, 1, 10 * round)].slice(1));
      expect(await reader.head("a/1")).toMatchObject({ version: round + 1 });
      expect(await reader.committed(`round ${round}`)).toHaveLength(1);
      expect(await reader.at("a/1", 1)).toMatchObject({ version: 1 });
    }
  });

  it("follows an owner that closed, and one that comes", async () => {
    const directory = newDirectory();
    const first = await open(directory);
    await first.append([recordOf("a/1", 1, 1)]);
    const reader = await open(directory, { readOnly: true });
    expect(await reader.keys("")).toEqual(["a/1"]);
    await first.compact();
    await first.append([recordOf("a/2", 1, 2)]);
    await first.close();
    expect(await reader.keys("")).toEqual(["a/1", "a/2"]);
  });

  it("says so when the journal is gone", async () => {
    const directory = join(newDirectory(), "journal");
    const owner = await lmdbJournal(directory);
    await owner.append([recordOf("a/1", 1, 1)]);
    await owner.close();
    const reader = await lmdbJournal(directory, { readOnly: true });
    renameSync(directory, `${directory}-old`);
    expect(await failure(Promise.resolve().then(() => reader.head("a/1")))).toMatchObject({ code: "no-such-journal" });
    await reader.close();
  });

  it("keeps an owner out of its own process, which would write through what was opened to read", async () => {
    const directory = newDirectory();
    await (await open(directory)).close();
    const reader = await open(directory, { readOnly: true });
    expect(await failure(lmdbJournal(directory))).toMatchObject({
      code: "journal-in-use",
      details: { pid: process.pid },
    });
    await reader.close();
    await (await open(directory)).append([recordOf("a/1", 1, 1)]);
  });

  it("makes a lock file that is missing for the data's owner, with all its bytes written", async ({ skip }) => {
    if (process.getuid?.() !== 0) skip("only root can make a file for another user");
    const directory = newDirectory();
    await (await open(directory)).close();
    const lock = join(directory, "data-1.mdb-lock");
    rmSync(lock);
    chownSync(join(directory, "data-1.mdb"), 65_534, 65_534);
    await (await open(directory, { readOnly: true })).close();
    const { uid, gid, size, blocks, mode } = statSync(lock);
    expect({ uid, gid, mode }).toEqual({
      uid: 65_534,
      gid: 65_534,
      mode: statSync(join(directory, "data-1.mdb")).mode,
    });
    expect(blocks * 512).toBeGreaterThanOrEqual(size);
    expect(readdirSync(directory).filter((name) => !/^(data-1\.mdb(-lock)?|owner-\d+)$/.test(name))).toEqual([]);
  });
});
