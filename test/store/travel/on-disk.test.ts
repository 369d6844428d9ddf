/** Time travel, retention, export and import over a journal on disk: as over one in memory, and across a reopening. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { Journal } from "../../../src/store/journal/journal.ts";
import { lmdbJournal } from "../../../src/store/journal/lmdb/lmdb-journal.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import { OwnedStore } from "../../../src/store/owned-store.ts";
import { StoreAuthority } from "../../../src/store/authority/store-authority.ts";
import { type Shelf, steps, takeSteps } from "../support/arbitrary-state.ts";
import { expectSame } from "../support/deeply.ts";
import { failure } from "../support/failure.ts";
import { fixedClock } from "../support/fixed-clock.ts";
import { defineState } from "../../../src/store/versions/define-state.ts";
import * as v from "valibot";

const thing = defineState<Shelf>({ name: "thing", version: 1, schema: v.custom<Shelf>(() => true) });

interface Place {
  readonly clock: ReturnType<typeof fixedClock>;
  readonly store: OwnedStore;
  readonly authority: StoreAuthority;
}

const places: Place[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const { authority } of places.splice(0)) await authority.close();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

function placeOf(journal: Journal, clock = fixedClock()): Place {
  const authority = new StoreAuthority({
    journal,
    clock,
    retention: { rules: [{ keys: "*/short", keep: { last: 5 } }] },
  });
  const place = { clock, authority, store: new OwnedStore(authority, { author: "me", remembersReads: false }) };
  places.push(place);
  return place;
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "troupe-travel-"));
  folders.push(folder);
  return folder;
}

async function fill(
  { store, clock }: Place,
  id: string,
  changes: readonly Parameters<typeof takeSteps>[1][],
): Promise<void> {
  let state: Shelf = { list: [] };
  for (const taken of changes) {
    state = structuredClone(state);
    takeSteps(state, taken);
    clock.time += 1;
    await store.put(thing, id, state);
  }
}

async function linesOf({ store }: Place, id: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of store.exportHistory(thing, id)) lines.push(line);
  return lines;
}

describe("on disk", () => {
  it("everything is as in memory, also when opened anew", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 40 }), async (changes) => {
        const folder = await newFolder();
        const first = placeOf(await lmdbJournal(folder));
        const memory = placeOf(memoryJournal());
        for (const place of [first, memory]) {
          await fill(place, "1", changes);
          await fill(place, "short", changes);
          await place.store.compact();
        }
        await first.authority.close();
        const disk = placeOf(await lmdbJournal(folder), first.clock);
        expect(await linesOf(disk, "1")).toEqual(await linesOf(memory, "1"));
        expect(await linesOf(disk, "short")).toEqual(await linesOf(memory, "short"));
        const newest = changes.length;
        for (const time of [1_001, 1_000 + Math.ceil(newest / 2), 99_999]) {
          const [one, other] = [await disk.store.at(thing, "1", { time }), await memory.store.at(thing, "1", { time })];
          expectSame(one, other);
        }
        expect(await disk.store.diff(thing, "1", 1, newest)).toEqual(await memory.store.diff(thing, "1", 1, newest));
        const isLong = ({ list }: Shelf): boolean => list.length > 2;
        expectSame(await disk.store.bisect(thing, "1", isLong), await memory.store.bisect(thing, "1", isLong));
        expect(await disk.store.blame(thing, "1", "/list")).toEqual(await memory.store.blame(thing, "1", "/list"));
        const range = { since: 1_003, until: 1_020, author: "me", limit: 5, order: "newest-first" } as const;
        expectSame(await disk.store.history(thing, "1", range), await memory.store.history(thing, "1", range));
        expect((await disk.store.history(thing, "short")).length).toBe(Math.min(5, newest));
        if (newest > 5)
          expect(await failure(disk.store.at(thing, "short", newest - 5))).toMatchObject({ code: "no-such-version" });
        await disk.authority.close();
      }),
      { numRuns: 15 },
    );
  });

  it("an import survives, with its idempotency keys, and goes on", async () => {
    const from = placeOf(memoryJournal());
    await from.store.put(thing, "1", { list: [] }, { idempotencyKey: "once" });
    await fill(
      from,
      "1",
      Array.from({ length: 100 }, (_, n) => [[4, 0, n]]),
    );
    const lines = await linesOf(from, "1");
    const folder = await newFolder();
    const to = placeOf(await lmdbJournal(folder));
    expect(await to.store.importHistory(lines)).toEqual({ key: "thing/1", versions: 101 });
    await to.authority.close();
    const again = placeOf(await lmdbJournal(folder));
    expect(await linesOf(again, "1")).toEqual(lines);
    expect(await again.store.put(thing, "1", { list: [] }, { idempotencyKey: "once" })).toMatchObject({ version: 1 });
    expect(await again.store.revert(thing, "1", 2)).toMatchObject({ version: 102, parent: 101 });
    expect(await again.store.size(thing, "1")).toBeGreaterThan(100);
  });

  it("can be looked into while it is written", async () => {
    const folder = await newFolder();
    const writer = placeOf(await lmdbJournal(folder));
    await fill(writer, "1", [[[4, 0, 1]], [[4, 0, 2]]]);
    const reader = placeOf(await lmdbJournal(folder, { readOnly: true }));
    expect(await linesOf(reader, "1")).toEqual(await linesOf(writer, "1"));
    await fill(writer, "2", [[[4, 0, 1]]]);
    expect(await reader.store.ids(thing)).toEqual(["1", "2"]);
    expect(await failure(reader.store.revert(thing, "1", 1))).toBeInstanceOf(Error);
    expect(await writer.store.snapshot(thing, "1")).toMatchObject({ version: 2 });
  });
});
