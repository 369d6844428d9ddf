/** What every journal owes; each has a test file that runs this. */

import { describe, expect, it } from "vitest";
import type { CommitRecord } from "../../../src/store/versions/commit.ts";
import type { Journal } from "../../../src/store/journal/journal.ts";
import { metaOf } from "../../../src/store/versions/snapshot.ts";
import { failure } from "./failure.ts";
import { recordOf } from "./requests.ts";

/** @param reopen closes a journal and opens what it kept; absent for a journal that keeps nothing. */
export function testJournalContract(
  open: () => Journal | Promise<Journal>,
  reopen?: (journal: Journal) => Journal | Promise<Journal>,
): void {
  const asItIs = ["the contract of journals", same] as const;
  const anew = ["the contract of journals, closed and opened again", reopen ?? same] as const;
  describe.each(reopen === undefined ? [asItIs] : [asItIs, anew])("%s", (_name, between) => {
    checkContract(open, between);
  });
}

function checkContract(
  open: () => Journal | Promise<Journal>,
  reopen: (journal: Journal) => Journal | Promise<Journal>,
): void {
  async function filled(): Promise<Journal> {
    const journal = await reopen(await open());
    await journal.append([recordOf("a/1", 1, 1)]);
    await journal.append([recordOf("b/1", 1, 2, { idempotencyKey: "once" })]);
    await journal.append([recordOf("a/1", 2, 3)]);
    await journal.append([recordOf("a/1", 3, 5)]);
    await journal.append([recordOf("a/0", 1, 6)]);
    return reopen(journal);
  }

  /** With `b/1` erased after two versions, of which one shares its idempotency key with a version of another key. */
  async function erased(): Promise<{ journal: Journal; tombstone: CommitRecord }> {
    const journal = await filled();
    const once = { idempotencyKey: "once" };
    await journal.append([recordOf("b/1", 2, 7, once), recordOf("a/0", 2, 7, once)]);
    const tombstone = tombstoneOf("b/1", 3, 8);
    await journal.append([tombstone]);
    return { journal: await reopen(journal), tombstone };
  }

  it("has the newest versions of many keys at once, in their order", async () => {
    const { journal, tombstone } = await erased();
    const keys = ["a/0", "z/1", "a/1", "b/1", "a/0"];
    const one = await Promise.all(keys.map(async (key) => journal.peek(key)));
    expect(await journal.heads(keys)).toEqual(one);
    expect(one.map((head) => head?.version)).toEqual([2, undefined, 3, tombstone.snapshot.version, 2]);
    expect(await journal.heads([])).toEqual([]);
    await journal.close();
  });

  it("starts empty, at position 0 and time 0", async () => {
    const journal = await reopen(await open());
    expect(journal.position).toBe(0);
    expect(journal.time).toBe(0);
    expect(await journal.head("a/1")).toBeUndefined();
    expect(await journal.at("a/1", 1)).toBeUndefined();
    expect(await journal.records("a/1", 1, 9)).toEqual([]);
    expect(await journal.committed("once")).toEqual([]);
    expect(await journal.keys("")).toEqual([]);
    await journal.close();
  });

  it("is at the position and the time of the newest record, gaps and all", async () => {
    let journal = await filled();
    expect([journal.position, journal.time]).toEqual([6, 1]);
    await journal.append([recordOf("a/0", 2, 9, { time: 7.5 })]);
    journal = await reopen(journal);
    expect([journal.position, journal.time]).toEqual([9, 7.5]);
    await journal.trim("a/0", 2);
    journal = await reopen(journal);
    expect([journal.position, journal.time]).toEqual([9, 7.5]);
  });

  it("gives the newest version and every other", async () => {
    const journal = await filled();
    expect(await journal.head("a/1")).toEqual(recordOf("a/1", 3, 5).snapshot);
    for (const [version, position] of [
      [1, 1],
      [2, 3],
      [3, 5],
    ] as const) {
      expect(await journal.at("a/1", version)).toEqual(recordOf("a/1", version, position).snapshot);
    }
    for (const version of [-1, 0, 4, 1.5, Number.NaN]) expect(await journal.at("a/1", version)).toBeUndefined();
  });

  it("gives the records of a range, ascending", async () => {
    const journal = await filled();
    const versions = async (lowest: number, highest: number): Promise<readonly number[]> =>
      (await journal.records("a/1", lowest, highest)).map(({ snapshot }) => snapshot.version);
    expect(await versions(1, 3)).toEqual([1, 2, 3]);
    expect(await versions(2, 2)).toEqual([2]);
    expect(await versions(2, 99)).toEqual([2, 3]);
    expect(await versions(4, 9)).toEqual([]);
    expect(await versions(3, 2)).toEqual([]);
    expect(await journal.records("a/1", 2, 2)).toEqual([recordOf("a/1", 2, 3)]);
  });

  it("finds a version by its idempotency key", async () => {
    const journal = await filled();
    expect(await journal.committed("once")).toEqual([recordOf("b/1", 1, 2, { idempotencyKey: "once" }).snapshot]);
    expect(await journal.committed("other")).toEqual([]);
  });

  it("lists keys by prefix in order", async () => {
    const journal = await filled();
    expect(await journal.keys("")).toEqual(["a/0", "a/1", "b/1"]);
    expect(await journal.keys("a/")).toEqual(["a/0", "a/1"]);
    expect(await journal.keys("c")).toEqual([]);
  });

  it("keeps what one commit made of several keys together, at one position", async () => {
    let journal = await filled();
    const idempotencyKey = "both";
    await journal.append([recordOf("a/0", 2, 7, { idempotencyKey }), recordOf("c/1", 1, 7, { idempotencyKey })]);
    expect(await journal.head("a/0")).toMatchObject({ version: 2, position: 7 });
    expect(await journal.head("c/1")).toMatchObject({ version: 1, position: 7 });
    expect((await journal.committed("both")).map(({ key }) => key)).toEqual(["a/0", "c/1"]);
    journal = await reopen(journal);
    const half = [recordOf("c/1", 2, 8), recordOf("a/0", 5, 8)];
    expect(await failure((async () => journal.append(half))())).toBeInstanceOf(Error);
    expect(await journal.head("c/1")).toMatchObject({ version: 1 });
    expect(journal.position).toBe(7);
  });

  it("tells about a version without its state", async () => {
    const journal = await filled();
    expect(await journal.meta("a/1", 2)).toEqual(metaOf(recordOf("a/1", 2, 3).snapshot));
    for (const version of [-1, 0, 4, 1.5, Number.NaN]) expect(await journal.meta("a/1", version)).toBeUndefined();
    expect(await journal.meta("z/1", 1)).toBeUndefined();
  });

  it("forgets what is trimmed, and only that", async () => {
    let journal = await filled();
    expect(await journal.oldest("z/1")).toBeUndefined();
    await journal.append([recordOf("a/1", 4, 7, { idempotencyKey: "late" })]);
    await journal.trim("z/1", 2);
    await journal.trim("a/1", 3);
    await journal.trim("a/1", 2); // was trimmed further
    await journal.trim("b/1", 9); // the newest stays
    journal = await reopen(journal);
    expect(await journal.oldest("a/1")).toBe(3);
    expect(await journal.oldest("b/1")).toBe(1);
    expect(await journal.at("a/1", 2)).toBeUndefined();
    expect(await journal.meta("a/1", 2)).toBeUndefined();
    expect(await journal.at("a/1", 3)).toEqual(recordOf("a/1", 3, 5).snapshot);
    const [first, ...rest] = await journal.records("a/1", 1, 9);
    expect(first?.snapshot).toEqual(recordOf("a/1", 3, 5).snapshot);
    expect(rest.map(({ snapshot }) => snapshot.version)).toEqual([4]);
    expect(await journal.committed("once")).toHaveLength(1);
    await journal.append([recordOf("b/1", 2, 8)]);
    await journal.trim("b/1", 2);
    expect(await journal.committed("once")).toEqual([]);
    expect(await journal.committed("late")).toHaveLength(1);
    await journal.compact();
    journal = await reopen(journal);
    expect(await journal.head("a/1")).toMatchObject({ version: 4 });
    await journal.append([recordOf("a/1", 5, 9)]);
    expect(await journal.head("a/1")).toMatchObject({ version: 5 });
  });

  it("removes with a tombstone all of its key that is before it, and only that", async () => {
    const { journal, tombstone } = await erased();
    expect(await journal.head("b/1")).toEqual(tombstone.snapshot);
    expect(await journal.oldest("b/1")).toBe(3);
    for (const version of [1, 2]) {
      expect(await journal.at("b/1", version)).toBeUndefined();
      expect(await journal.meta("b/1", version)).toBeUndefined();
    }
    expect(await journal.records("b/1", 1, 9)).toEqual([tombstone]);
    expect((await journal.committed("once")).map(({ key, version }) => [key, version])).toEqual([["a/0", 2]]);
    expect(await journal.keys("")).toEqual(["a/0", "a/1"]);
    expect(await journal.keys("", 1)).toEqual(["a/0", "a/1"]);
    expect(await journal.head("a/1")).toEqual(recordOf("a/1", 3, 5).snapshot);
    expect(journal.position).toBe(8);
  });

  it("goes on after a tombstone", async () => {
    let { journal } = await erased();
    const next = { ...recordOf("b/1", 4, 9, { idempotencyKey: "once" }), patches: recordOf("b/1", 1, 9).patches };
    await journal.append([next]);
    journal = await reopen(journal);
    expect(await journal.head("b/1")).toEqual(next.snapshot);
    expect(await journal.keys("b")).toEqual(["b/1"]);
    expect(await journal.committed("once")).toHaveLength(2);
    await journal.trim("b/1", 4);
    await journal.compact();
    journal = await reopen(journal);
    expect((await journal.records("b/1", 1, 9)).map(({ snapshot }) => snapshot)).toEqual([next.snapshot]);
  });

  it("keeps nothing of a key that is forgotten, but its position", async () => {
    let journal = await filled();
    await journal.append([tombstoneOf("a/1", 4, 8, true), recordOf("a/0", 2, 8)]);
    journal = await reopen(journal);
    expect(await journal.head("a/1")).toBeUndefined();
    expect(await journal.oldest("a/1")).toBeUndefined();
    expect(await journal.records("a/1", 1, 9)).toEqual([]);
    expect(await journal.size("a/1")).toBe(0);
    expect(await journal.keys("a")).toEqual(["a/0"]);
    expect([journal.position, (await journal.head("a/0"))?.version]).toEqual([8, 2]);
    const first = recordOf("a/1", 1, 9);
    await journal.append([first]);
    journal = await reopen(journal);
    expect(await journal.records("a/1", 1, 9)).toEqual([first]);
  });

  it("tells how many bytes a key takes", async () => {
    const journal = await filled();
    expect(await journal.size("z/1")).toBe(0);
    expect(await journal.size("b/1")).toBeGreaterThan(0);
    expect(await journal.size("a/1")).toBeGreaterThan(await journal.size("b/1"));
  });

  it.each([
    ["a version that isn't the next", recordOf("a/1", 5, 9)],
    ["a version that is there already", recordOf("a/1", 3, 9)],
    ["a later version of an unknown key", recordOf("z/1", 2, 9)],
  ])("refuses %s, and keeps nothing of it (invariant 3)", async (_what, record) => {
    const journal = await filled();
    expect(await failure((async () => journal.append([record]))())).toBeInstanceOf(Error);
    expect(await journal.head("a/1")).toEqual(recordOf("a/1", 3, 5).snapshot);
    expect(await journal.head("z/1")).toBeUndefined();
    expect(journal.position).toBe(6);
  });
}

function tombstoneOf(key: string, version: number, position: number, forgotten = false): CommitRecord {
  const erased = forgotten ? ({ reason: "old", forgotten } as const) : { reason: "asked for" };
  const { snapshot } = recordOf(key, version, position, { state: undefined, erased });
  return { snapshot, patches: [{ op: "replace", path: [], value: undefined }] };
}

function same(journal: Journal): Journal {
  return journal;
}
