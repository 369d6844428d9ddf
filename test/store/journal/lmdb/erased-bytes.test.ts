/** What was erased is in no file of a journal on disk after it is compacted. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { StoreAuthority } from "../../../../src/store/authority/store-authority.ts";
import { OwnedStore } from "../../../../src/store/owned-store.ts";
import { defineState } from "../../../../src/store/versions/define-state.ts";
import { verifyJournal } from "../../../../src/store/journal/lmdb/verify-journal.ts";
import type { LmdbJournalOptions } from "../../../../src/store/journal/lmdb/lmdb-journal.ts";
import type { CommitRecord } from "../../../../src/store/versions/commit.ts";
import type { Snapshot } from "../../../../src/store/versions/snapshot.ts";
import { recordOf } from "../../support/requests.ts";
import { fixedClock } from "../../support/fixed-clock.ts";
import { temporaryJournals } from "../../support/temporary-journals.ts";

const person = defineState({
  name: "person",
  version: 1,
  schema: v.object({ notes: v.array(v.string()), odd: v.optional(v.bigint()) }),
  initial: () => ({ notes: [] }),
});

const journals = temporaryJournals();

async function opened(directory: string, options: LmdbJournalOptions = {}) {
  const authority = new StoreAuthority({ journal: await journals.open(directory, options), clock: fixedClock() });
  return { authority, store: new OwnedStore(authority, { author: "operator", remembersReads: false }) };
}

/** How often a text is in the bytes of the files of a directory. */
function occurrences(directory: string, text: string): number {
  const files = readdirSync(directory).map((file) => readFileSync(join(directory, file)).toString("latin1"));
  return files.reduce((sum, bytes) => sum + bytes.split(text).length - 1, 0);
}

const secret = "Wittgenstein, Ludwig, 26 April 1889";

interface Content {
  readonly others: number;
  readonly versions: number;
  /** How often the text is repeated: large states take pages of their own. */
  readonly repeat: number;
  readonly isOdd: boolean;
  readonly durability: "sync" | "relaxed";
}

const content: fc.Arbitrary<Content> = fc.record({
  others: fc.integer({ min: 0, max: 12 }),
  versions: fc.integer({ min: 1, max: 40 }),
  repeat: fc.constantFrom(1, 3, 60, 400),
  isOdd: fc.boolean(),
  durability: fc.constantFrom("sync", "relaxed"),
});

describe("a key that is erased, in a journal on disk", () => {
  it("is in no file after compaction, and everything else is", () =>
    fc.assert(
      fc.asyncProperty(content, async ({ others, versions, repeat, isOdd, durability }) => {
        const directory = journals.newDirectory();
        const { authority, store } = await opened(directory, { durability });
        const text = secret.repeat(repeat);
        for (let i = 0; i < versions; i++) {
          await store.commit(
            person,
            "1889",
            (draft) => {
              draft.notes = [...draft.notes.slice(-3), `${text} ${i}`];
              if (isOdd) draft.odd = 1n;
            },
            { idempotencyKey: `${secret}/${i}` },
          );
          for (let j = i; j < others; j += versions)
            await store.put(person, `other-${j}`, { notes: [`${j} stays`.repeat(repeat)] });
        }
        await store.fork(person, "1889", versions, "copy");
        const { tombstone } = await store.erase(person, "1889", { reason: "asked for", forks: true });
        expect(tombstone.version).toBe(versions + 1);
        await store.compact();
        expect(occurrences(directory, "Wittgenstein")).toBe(0);
        expect(occurrences(directory, "asked for")).toBeGreaterThan(0);
        await authority.close();
        const { damages } = await verifyJournal(directory);
        expect(damages).toEqual([]);

        const again = await opened(directory);
        expect(await again.store.read(person, "1889")).toEqual({ notes: [] });
        expect(await again.store.ids(person)).toHaveLength(others);
        for (let j = 0; j < others; j++)
          expect((await again.store.read(person, `other-${j}`)).notes).toEqual([`${j} stays`.repeat(repeat)]);
        const next = await again.store.put(person, "1889", { notes: ["anew"] });
        expect([next.version, next.parent]).toEqual([versions + 2, versions + 1]);
        await again.authority.close();
      }),
      { numRuns: 12 },
    ));

  it.each(["sync", "relaxed"] as const)(
    "is gone also where commits before and after it share their way to disk: %s",
    async (durability) => {
      const directory = journals.newDirectory();
      const journal = await journals.open(directory, { durability });
      const record = (version: number, more: Partial<Snapshot>): CommitRecord => {
        const { snapshot } = recordOf("person/1889", version, version, { author: "test", ...more });
        return { snapshot, patches: [{ op: "replace", path: [], value: snapshot.state }] };
      };
      const before = Array.from({ length: 20 }, (_, i) =>
        record(i + 1, { state: { notes: [`${secret} ${i}`] }, idempotencyKey: i % 2 === 0 ? "all" : `${secret}/${i}` }),
      );
      const tombstone = record(21, { state: undefined, erased: { reason: "asked for" } });
      const after = Array.from({ length: 5 }, (_, i) => record(22 + i, { state: { n: i }, idempotencyKey: "all" }));
      await Promise.all([...before, tombstone, ...after].map(async (one) => journal.append([one])));
      const kept = await journal.records("person/1889", 1, 99);
      expect(kept.map(({ snapshot }) => snapshot)).toEqual([tombstone, ...after].map(({ snapshot }) => snapshot));
      expect(await journal.committed("all")).toEqual(after.map(({ snapshot }) => snapshot));
      await journal.compact();
      expect(occurrences(directory, "Wittgenstein")).toBe(0);
      await journals.reopen(journal).then((again) => again.close());
      expect((await verifyJournal(directory)).damages).toEqual([]);
    },
  );

  it("is gone with its row where it is forgotten", async () => {
    const directory = journals.newDirectory();
    const { authority, store } = await opened(directory);
    await store.put(person, secret, { notes: [secret] }, { idempotencyKey: secret });
    await store.put(person, "other", { notes: [] });
    await authority.forget([`person/${secret}`, "person/none"], { author: "operator", reason: "old" });
    await store.compact();
    expect(occurrences(directory, "Wittgenstein")).toBe(0);
    const { version } = await store.put(person, secret, { notes: ["anew"] }, { idempotencyKey: secret });
    expect(version).toBe(1);
    await authority.close();
    const { damages, keys } = await verifyJournal(directory);
    expect([damages, keys]).toEqual([[], 2]);
  });

  it("is not taken by a reader for what has its key now", async () => {
    const directory = journals.newDirectory();
    const owner = await journals.open(directory);
    const five = (position: number) => [1, 2, 3, 4, 5].map((version) => recordOf("a/1", version, position + version));
    for (const record of five(0)) await owner.append([record]);
    const reader = await journals.open(directory, { readOnly: true });
    expect(await reader.head("a/1")).toMatchObject({ version: 5, state: { n: 5 } });
    const erased = { reason: "old", forgotten: true } as const;
    const { snapshot } = recordOf("a/1", 6, 6, { state: undefined, erased });
    await owner.append([{ snapshot, patches: [{ op: "replace", path: [], value: undefined }] }]);
    expect(await reader.head("a/1")).toBeUndefined();
    for (const record of five(10)) await owner.append([record]);
    expect(await reader.head("a/1")).toMatchObject({ version: 5, state: { n: 15 } });
    await reader.close();
  });
});
