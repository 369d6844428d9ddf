/** A journal that is given to a system which can't start is closed: it may have been opened in the call, and no code has it. */

import { join } from "node:path";
import { expect, it } from "vitest";
import { createSystem, type Journal, lmdbJournal, memoryJournal } from "../../../src/index.ts";
import { takeInUse } from "../../../src/store/journal/journal-use.ts";
import { temporaryJournals } from "../../store/support/temporary-journals.ts";
import { failure } from "../../store/support/failure.ts";

const { newDirectory } = temporaryJournals();
const wrong: readonly (readonly [string, object])[] = [
  ["a number of threads", { threads: -1 }],
  ["an option that there isn't", { thread: 1 }],
  ["a rule of retention", { retention: [{ keys: "a/*", keep: { last: 0 } }] }],
  ["a level of the log", { logger: "loud" }],
];

function refused(options: object): Promise<unknown> {
  return failure(createSystem({ logger: false, ...options }));
}

it.each(wrong)("a journal on disk is free again, where it was to be with %s that is wrong", async (_what, options) => {
  const directory = join(newDirectory(), "journal");
  expect(await refused({ ...options, journal: lmdbJournal(directory) })).toMatchObject({ code: "invalid-options" });
  const opened = await lmdbJournal(directory);
  expect(await refused({ ...options, journal: opened })).toMatchObject({ code: "invalid-options" });
  await (await lmdbJournal(directory)).close(); // it would be in use otherwise
});

it("a journal that is another system's stays open", async () => {
  const journal = memoryJournal();
  let closed = 0;
  const counted: Journal = Object.assign(Object.create(journal) as Journal, { close: async () => void closed++ });
  const release = takeInUse(counted);
  expect(await refused({ threads: -1, journal: counted })).toMatchObject({ code: "invalid-options" });
  expect(closed).toBe(0);
  release();
  expect(await refused({ threads: -1, journal: counted })).toMatchObject({ code: "invalid-options" });
  expect(closed).toBe(1);
});

it("what the promise of a journal rejects with says less than the options", async () => {
  const journal = Promise.reject(new Error("no disk"));
  expect(await refused({ threads: -1, journal })).toMatchObject({ code: "invalid-options" });
});
