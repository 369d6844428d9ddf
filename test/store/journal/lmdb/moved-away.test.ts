/** A journal whose files were taken away from under it acknowledges nothing any more, and touches nothing of a new owner's. */

import { cpSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Durability } from "../../../../src/store/journal/lmdb/durability.ts";
import { lmdbJournal } from "../../../../src/store/journal/lmdb/lmdb-journal.ts";
import { verifyJournal } from "../../../../src/store/journal/lmdb/verify-journal.ts";
import type { Journal } from "../../../../src/store/journal/journal.ts";
import { failure } from "../../support/failure.ts";
import { recordOf } from "../../support/requests.ts";
import { temporaryJournals } from "../../support/temporary-journals.ts";
import { settleAll } from "../../support/turns.ts";

const { newDirectory } = temporaryJournals();

/** What takes a journal away from its owner. Returns where its files are then, if they are anywhere. */
const ways: readonly (readonly [string, (directory: string) => string | undefined])[] = [
  [
    "its directory is moved",
    (directory) => {
      renameSync(directory, `${directory}-old`);
      return `${directory}-old`;
    },
  ],
  [
    "its directory is removed",
    (directory) => {
      rmSync(directory, { recursive: true });
      return undefined;
    },
  ],
  [
    "another directory is in its place",
    (directory) => {
      renameSync(directory, `${directory}-old`);
      cpSync(`${directory}-old`, directory, { recursive: true });
      return `${directory}-old`;
    },
  ],
  [
    "its data file is moved",
    (directory) => {
      renameSync(join(directory, "data-1.mdb"), join(directory, "taken-away"));
      return undefined;
    },
  ],
  [
    "its data file is replaced",
    (directory) => {
      const file = join(directory, "data-1.mdb");
      const bytes = readFileSync(file);
      rmSync(file);
      writeFileSync(file, bytes);
    },
  ],
  [
    "another process has succeeded it",
    (directory) => {
      writeFileSync(join(directory, "owner-2"), JSON.stringify({ pid: process.ppid }));
      rmSync(join(directory, "owner-1"));
    },
  ],
];

/** All that may be asked of a journal. */
function uses(journal: Journal): readonly (() => Promise<unknown>)[] {
  return [
    async () => journal.append([recordOf("a/1", 2, 2)]),
    async () => journal.compact(),
    async () => journal.trim("a/1", 1),
    async () => journal.head("a/1"),
    async () => journal.at("a/1", 1),
    async () => journal.keys(""),
    async () => journal.committed("once"),
  ];
}

/** `settled`: its directory has not changed for long, so that its files need no look of their own. */
async function start(
  durability: Durability,
  settled = false,
): Promise<{ readonly directory: string; readonly journal: Journal }> {
  const directory = join(newDirectory(), "journal");
  const journal = await lmdbJournal(directory, { durability });
  if (settled) utimesSync(directory, 1, 1);
  await journal.append([recordOf("a/1", 1, 1)]);
  await journal.at("a/1", 1); // is on disk now
  return { directory, journal };
}

const firsts = (["append", "compact"] as const).flatMap((first) => [
  { first, settled: false },
  { first, settled: true },
]);

describe.each(ways)("when %s", (_, takeAway) => {
  it.each(firsts)(
    "stops at the next $first, and then answers nothing; settled: $settled",
    async ({ first, settled }) => {
      const { directory, journal } = await start("sync", settled);
      takeAway(directory);
      const begin = async () => (first === "append" ? journal.append([recordOf("a/1", 2, 2)]) : journal.compact());
      expect(await failure(begin())).toMatchObject({ code: "journal-stopped", details: { directory } });
      for (const use of uses(journal)) expect(await failure(use())).toMatchObject({ code: "journal-stopped" });
      await journal.close();
    },
  );

  it.each([false, true])("tells it when it comes during the flush; settled: %s", async (settled) => {
    const { directory, journal } = await start("sync", settled);
    const appended = failure(Promise.resolve(journal.append([recordOf("a/1", 2, 2)])));
    await Promise.resolve(); // the write has begun
    await Promise.resolve();
    takeAway(directory);
    expect(await appended).toMatchObject({ code: "journal-stopped" });
    await journal.close();
  });

  it("stops a relaxed journal once it has noticed", async () => {
    const { directory, journal } = await start("relaxed");
    takeAway(directory);
    await journal.append([recordOf("a/1", 2, 2)]);
    await failure(Promise.resolve(journal.at("a/1", 2))); // waits for the disk
    await settleAll();
    for (const use of uses(journal)) expect(await failure(use())).toMatchObject({ code: "journal-stopped" });
    await journal.close();
  });
});

describe.each(ways.slice(0, 3))("a new owner, when %s", (_, takeAway) => {
  it("keeps all it has, and what was acknowledged before is where it was", async () => {
    const { directory, journal } = await start("sync");
    const left = takeAway(directory);
    rmSync(directory, { recursive: true, force: true });
    const next = await lmdbJournal(directory);
    await next.append([recordOf("a/1", 1, 1)]);
    const names = readdirSync(directory);
    expect(await failure((async () => journal.compact())())).toMatchObject({ code: "journal-stopped" });
    for (const use of uses(journal)) expect(await failure(use())).toMatchObject({ code: "journal-stopped" });
    await next.append([recordOf("a/1", 2, 2)]);
    await journal.close();
    expect(readdirSync(directory)).toEqual(names);
    expect(await failure(lmdbJournal(directory))).toMatchObject({ code: "journal-in-use" });
    await next.append([recordOf("a/1", 3, 3)]);
    await next.close();
    expect(await verifyJournal(directory)).toMatchObject({ versions: 3, damages: [] });
    if (left === undefined) return;
    const old = await lmdbJournal(left);
    expect(await old.head("a/1")).toMatchObject({ version: 1 });
    await old.close();
  });
});
