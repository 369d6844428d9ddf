/** What erasing a key means to those who read, commit, travel, watch, fork, export and import. */

import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { StoreAuthority } from "../../src/store/authority/store-authority.ts";
import { memoryJournal } from "../../src/store/journal/memory-journal.ts";
import { OwnedStore } from "../../src/store/owned-store.ts";
import { defineState } from "../../src/store/versions/define-state.ts";
import type { Snapshot } from "../../src/store/versions/snapshot.ts";
import { anna, ledger, profile } from "./support/definitions.ts";
import { failure } from "./support/failure.ts";
import { fixedClock } from "./support/fixed-clock.ts";

const why = { reason: "request 7" };

function place(remembersReads = false) {
  const clock = fixedClock(Date.UTC(2026, 0, 31));
  const journal = memoryJournal();
  const authority = new StoreAuthority({ journal, clock });
  return { clock, journal, authority, store: new OwnedStore(authority, { author: "operator", remembersReads }) };
}

/** A ledger with three versions, erased in its fourth. */
async function erased() {
  const made = place();
  for (const entry of ["a", "b", "c"]) {
    made.clock.time += 1_000;
    await made.store.commit(ledger, "anna", (draft) => void draft.log.push(entry), { idempotencyKey: entry });
  }
  made.clock.time += 1_000;
  const result = await made.store.erase(ledger, "anna", why);
  return { ...made, ...result };
}

const asErased = {
  code: "erased",
  message: expect.stringContaining(
    "ledger/anna was erased by operator on 2026-01-31T00:00:04.000Z, in version 4: request 7.",
  ),
  details: {
    key: "ledger/anna",
    version: 4,
    author: "operator",
    time: Date.UTC(2026, 0, 31) + 4_000,
    reason: "request 7",
  },
};

describe("a key that was erased", () => {
  it("has a tombstone, which says who, when and why", async () => {
    const { tombstone, erasedForks, remainingForks } = await erased();
    expect(tombstone).toEqual({
      key: "ledger/anna",
      version: 4,
      parent: 3,
      author: "operator",
      time: Date.UTC(2026, 0, 31) + 4_000,
      position: 4,
      schema: 1,
      erased: why,
    });
    expect([erasedForks, remainingForks]).toEqual([[], []]);
  });

  it("reads as if it had never been written", async () => {
    const { store } = await erased();
    expect(await store.read(ledger, "anna")).toEqual({ log: [], total: 0 });
    expect(await store.snapshot(ledger, "anna")).toBeUndefined();
    expect(await store.ids(ledger)).toEqual([]);
  });

  it("can't be read where its family has no initial state, until it is put again", async () => {
    const { store } = place();
    await store.put(profile, "anna", anna);
    await store.erase(profile, "anna", why);
    expect(await failure(store.read(profile, "anna"))).toMatchObject({ code: "no-such-key" });
    expect((await store.history(profile, "anna")).map(({ state, erased: note }) => [state, note])).toEqual([
      [undefined, why],
    ]);
    expect(await store.put(profile, "anna", anna)).toMatchObject({ version: 3, parent: 2 });
  });

  it("goes on with the version after the tombstone, from the initial state", async () => {
    const { store } = await erased();
    const seen: unknown[] = [];
    const next = await store.commit(ledger, "anna", (draft) => {
      seen.push(draft.log.length, draft.total);
      draft.total = 1;
    });
    expect(seen).toEqual([0, 0]);
    expect(next).toMatchObject({ version: 5, parent: 4, state: { log: [], total: 1 } });
    expect((await store.history(ledger, "anna")).map(({ version, state }) => [version, state.total])).toEqual([
      [4, 0],
      [5, 1],
    ]);
  });

  it("gets its next version also by a recipe that changes nothing, as a new key does", async () => {
    const { store } = await erased();
    expect(await store.commit(ledger, "anna", () => undefined)).toMatchObject({ version: 5 });
    const [first] = await store.transact([[ledger, "anna"]], () => undefined);
    expect(first).toMatchObject({ version: 5 });
  });

  it.each([
    [0, true],
    [4, true],
    [3, false],
    [5, false],
  ])("is at version %i for a put and a commit that expect it: %s", async (expectedVersion, lands) => {
    for (const how of ["put", "commit"] as const) {
      const { store } = await erased();
      const landing =
        how === "put"
          ? store.put(ledger, "anna", { log: [], total: 2 }, { expectedVersion })
          : store.commit(ledger, "anna", (draft) => void (draft.total = 2), { expectedVersion });
      if (lands) expect(await landing).toMatchObject({ version: 5 });
      else {
        const error = await failure(landing);
        expect(error).toMatchObject({ code: "conflict", details: { base: expectedVersion } });
        expect(error).not.toHaveProperty("details.theirs");
      }
    }
  });

  it("refuses a decision on what was read before, and shows nothing of it", async () => {
    const { authority } = place();
    const operator = new OwnedStore(authority, { author: "operator", remembersReads: false });
    const reader = new OwnedStore(authority, { author: "reader" });
    await operator.put(ledger, "anna", { log: ["secret"], total: 1 });
    await reader.read(ledger, "anna");
    await operator.erase(ledger, "anna", why);
    const seen: unknown[] = [];
    const recipe = (draft: { log: string[] }): void => void seen.push([...draft.log]);
    const error = await failure(reader.commit(ledger, "anna", recipe, { onConflict: "reject" }));
    expect(error).toMatchObject({ code: "conflict" });
    expect(JSON.stringify([seen, error])).not.toContain("secret");
    expect(await reader.commit(ledger, "anna", (draft) => void draft.log.push("new"))).toMatchObject({ version: 3 });
  });

  it("is told as erased by all that looks for what was there", async () => {
    const { store, clock } = await erased();
    for (const version of [1, 3, 4]) expect(await failure(store.at(ledger, "anna", version))).toMatchObject(asErased);
    const then = { time: clock.time - 2_000 };
    expect(await failure(store.at(ledger, "anna", then))).toMatchObject(asErased);
    expect(await failure(store.at(ledger, "anna", { time: clock.time }))).toMatchObject(asErased);
    expect(await failure(store.history(ledger, "anna", { from: 2 }))).toMatchObject(asErased);
    expect(await failure(store.diff(ledger, "anna", 1, 2))).toMatchObject(asErased);
    expect(await failure(store.revert(ledger, "anna", 3))).toMatchObject(asErased);
    expect(await failure(store.fork(ledger, "anna", 3, "copy"))).toMatchObject(asErased);
    expect(await failure(store.blame(ledger, "anna", "/log"))).toMatchObject(asErased);
    expect(await failure(store.bisect(ledger, "anna", () => true, { from: 1 }))).toMatchObject(asErased);
    expect(await failure(store.at(ledger, "anna", 5))).toMatchObject({ code: "no-such-version" });
    expect(await store.bisect(ledger, "anna", () => true)).toBeUndefined();
  });

  it("can be asked about what came after", async () => {
    const { store, clock } = await erased();
    clock.time += 1_000;
    await store.put(ledger, "anna", { log: [], total: 0 });
    await store.put(ledger, "anna", { log: [], total: 9 });
    expect(await store.blame(ledger, "anna", "/log")).toMatchObject({ version: 5, exact: true });
    expect(await store.bisect(ledger, "anna", ({ total }) => total > 0)).toMatchObject({ version: 6 });
    expect(await store.revert(ledger, "anna", 5)).toMatchObject({ version: 7, state: { total: 0 } });
    expect(await store.diff(ledger, "anna", 5, 6)).toMatchObject({ text: "~ /total 0 → 9" });
  });

  it("has no idempotency keys: the same commit is another one", async () => {
    const { store, journal } = await erased();
    for (const key of ["a", "b", "c"]) expect(journal.committed(key)).toEqual([]);
    const again = await store.commit(ledger, "anna", (draft) => void draft.log.push("a"), { idempotencyKey: "a" });
    expect(again).toMatchObject({ version: 5, state: { log: ["a"] } });
  });

  it("leaves a transaction's other keys alone; a repeat of it commits nothing", async () => {
    const { store } = place();
    const keys = [
      [ledger, "anna"],
      [ledger, "ben"],
    ] as const;
    const move = (): unknown =>
      store.transact(
        keys,
        ([from, to]) => {
          from.total -= 5;
          to.total += 5;
        },
        { idempotencyKey: "move" },
      );
    await move();
    await store.erase(ledger, "anna", why);
    expect(await store.read(ledger, "ben")).toMatchObject({ total: 5 });
    expect(await failure(move() as Promise<unknown>)).toMatchObject({
      code: "no-such-version",
      message: expect.stringContaining("or it was erased"),
    });
    expect(await store.read(ledger, "ben")).toMatchObject({ total: 5 });
  });

  it("is erased once: again, it says the same", async () => {
    const { store, tombstone } = await erased();
    expect((await store.erase(ledger, "anna", { reason: "another" })).tombstone).toEqual(tombstone);
    await store.put(ledger, "anna", { log: ["x"], total: 0 });
    const second = await store.erase(ledger, "anna", { reason: "another" });
    expect(second.tombstone).toMatchObject({ version: 6, erased: { reason: "another" } });
    expect(await store.history(ledger, "anna")).toHaveLength(1);
  });

  it("is refused without a reason, and for a key that never was", async () => {
    const { store } = await erased();
    for (const reason of ["", "  ", undefined, 7])
      expect(await failure(store.erase(ledger, "anna", { reason: reason as string }))).toMatchObject({
        code: "invalid-options",
      });
    expect(await failure(store.erase(ledger, "nobody", why))).toMatchObject({ code: "no-such-key" });
  });

  it("may have had a newer schema", async () => {
    const old = defineState({
      name: "thing",
      version: 1,
      schema: v.object({ n: v.number() }),
      initial: () => ({ n: 0 }),
    });
    const next = defineState({ ...old, version: 2, upcasters: { 1: (state: { n: number }) => state } });
    const { store } = place();
    await store.put(old, "1", { n: 1 });
    await store.erase(old, "1", why);
    expect(await store.history(next, "1")).toMatchObject([{ version: 2, state: { n: 0 } }]);
    expect(await store.put(next, "1", { n: 3 })).toMatchObject({ version: 3, schema: 2 });
  });
});

describe("watching a key that is erased", () => {
  it("gives the tombstone with the initial state, and what comes after, without a gap", async () => {
    const { store } = place();
    const seen: Snapshot<{ total: number }>[] = [];
    await store.put(ledger, "anna", { log: [], total: 1 });
    store.watch(ledger, "anna").subscribe((snapshot) => seen.push(snapshot));
    await store.erase(ledger, "anna", why);
    await store.put(ledger, "anna", { log: [], total: 2 });
    expect(seen.map(({ version, state, erased: note }) => [version, state.total, note?.reason])).toEqual([
      [1, 1, undefined],
      [2, 0, "request 7"],
      [3, 2, undefined],
    ]);
  });

  it("begins with nothing when it was erased before", async () => {
    const { store } = await erased();
    const seen: number[] = [];
    store.watch(ledger, "anna").subscribe(({ version }) => seen.push(version));
    await store.put(ledger, "anna", { log: [], total: 2 });
    expect(seen).toEqual([5]);
  });
});

describe("forks of a key that is erased", () => {
  async function forked() {
    const made = place();
    const { store } = made;
    await store.put(ledger, "anna", { log: ["secret"], total: 1 });
    await store.fork(ledger, "anna", 1, "copy");
    await store.fork(ledger, "copy", 1, "copy-of-copy");
    await store.put(ledger, "copy", { log: ["secret", "more"], total: 2 });
    await store.put(ledger, "other", { log: [], total: 3 });
    return made;
  }

  it("are named, and stay", async () => {
    const { store } = await forked();
    const result = await store.erase(ledger, "anna", why);
    expect(result).toMatchObject({ erasedForks: [], remainingForks: ["ledger/copy", "ledger/copy-of-copy"] });
    expect(await store.read(ledger, "copy")).toMatchObject({ total: 2 });
  });

  it("are erased on demand, at one position, also later", async () => {
    const { store } = await forked();
    await store.erase(ledger, "anna", why);
    const result = await store.erase(ledger, "anna", { ...why, forks: true });
    expect(result).toMatchObject({ erasedForks: ["ledger/copy", "ledger/copy-of-copy"], remainingForks: [] });
    expect(await store.ids(ledger)).toEqual(["other"]);
    const [copy] = await store.history(ledger, "copy");
    const [second] = await store.history(ledger, "copy-of-copy");
    expect(copy?.position).toBe(second?.position);
    expect(await store.erase(ledger, "anna", { ...why, forks: true })).toMatchObject({ erasedForks: [] });
  });

  it("are found by a store that did not see them made", async () => {
    const { journal, clock } = await forked();
    const store = new OwnedStore(new StoreAuthority({ journal, clock }), { author: "operator" });
    expect(await store.erase(ledger, "anna", { ...why, forks: true })).toMatchObject({
      tombstone: { key: "ledger/anna" },
      erasedForks: ["ledger/copy", "ledger/copy-of-copy"],
    });
  });

  it("hold nothing once they were erased themselves, and again once they are forked again", async () => {
    const { store } = await forked();
    await store.erase(ledger, "copy", why);
    await store.put(ledger, "copy", { log: ["its own"], total: 0 });
    expect(await store.erase(ledger, "anna", why)).toMatchObject({ remainingForks: ["ledger/copy-of-copy"] });
    await store.put(ledger, "anna", { log: ["secret"], total: 1 });
    await store.erase(ledger, "copy", why);
    expect(await store.fork(ledger, "anna", 3, "copy")).toMatchObject({ version: 6 });
    expect(await store.erase(ledger, "anna", { ...why, forks: true })).toMatchObject({
      erasedForks: ["ledger/copy", "ledger/copy-of-copy"],
    });
  });

  it("can't be made of what was read before the erasing, nor can it be gone back to", async () => {
    for (const how of ["fork", "revert"] as const) {
      const { store, authority } = place();
      await store.put(ledger, "anna", { log: ["secret"], total: 1 });
      await store.put(ledger, "anna", { log: ["secret", "too"], total: 1 });
      const at = authority.at.bind(authority);
      let isFirst = true;
      authority.at = async (key, when) => {
        const found = await at(key, when);
        if (isFirst) {
          isFirst = false;
          await store.erase(ledger, "anna", why);
        }
        return found;
      };
      const late = how === "fork" ? store.fork(ledger, "anna", 1, "copy") : store.revert(ledger, "anna", 1);
      expect(await failure(late)).toMatchObject({ code: "erased" });
      expect(await store.ids(ledger)).toEqual([]);
    }
  });
});

describe("export and import", () => {
  async function linesOf(store: OwnedStore, id: string): Promise<string[]> {
    const lines: string[] = [];
    for await (const line of store.exportHistory(ledger, id)) lines.push(line);
    return lines;
  }

  it("has the tombstone and what came after, and nothing from before", async () => {
    const { store } = place();
    await store.put(ledger, "anna", { log: ["secret"], total: 1 }, { idempotencyKey: "secret" });
    await store.erase(ledger, "anna", why);
    await store.put(ledger, "anna", { log: ["new"], total: 2 });
    const lines = await linesOf(store, "anna");
    expect(lines.join()).not.toContain("secret");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { oldest: 2, newest: 3 },
      { version: 2, erased: why },
      { version: 3, patches: [{ op: "replace", path: [], value: { log: ["new"] } }] },
    ]);
    expect(await failure(place().store.importHistory(lines))).toMatchObject({
      code: "invalid-input",
      message: expect.stringContaining("erased"),
    });
  });

  it("doesn't bring back by an old export what was erased", async () => {
    const { store } = place();
    await store.put(ledger, "anna", { log: ["secret"], total: 1 });
    const lines = await linesOf(store, "anna");
    await store.erase(ledger, "anna", why);
    expect(await failure(store.importHistory(lines))).toMatchObject({ code: "erased" });
  });
});
