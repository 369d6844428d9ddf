/** What each feature of the store promises, while the others are at work: on disk, opened anew in between. */

import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { firstValueFrom } from "rxjs";
import { memoryJournal } from "../../src/store/journal/memory-journal.ts";
import type { Journal } from "../../src/store/journal/journal.ts";
import { OwnedStore } from "../../src/store/owned-store.ts";
import type { RetentionRule } from "../../src/store/retention/retention.ts";
import { defineState } from "../../src/store/versions/define-state.ts";
import { StoreClient } from "../../src/store/client/store-client.ts";
import { StoreAuthority } from "../../src/store/authority/store-authority.ts";
import { failure } from "./support/failure.ts";
import { fixedClock } from "./support/fixed-clock.ts";
import { LaggingNetwork } from "./support/lagging-network.ts";
import { temporaryJournals } from "./support/temporary-journals.ts";
import { person1, person2, person4 } from "./support/versions-of-person.ts";

const journals = temporaryJournals();
const ledger = defineState({
  name: "ledger",
  version: 1,
  schema: v.object({ total: v.number() }),
  initial: () => ({ total: 0 }),
});

function storeOver(journal: Journal, rules: readonly RetentionRule[] = [], clock = fixedClock()): OwnedStore {
  const authority = new StoreAuthority({ journal, clock, retention: { rules } });
  return new OwnedStore(authority, { author: "me", remembersReads: false });
}

async function linesOf(store: OwnedStore, id: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of store.exportHistory(person1, id)) lines.push(line);
  return lines;
}

/** Ada under schema 1, twice; then under schema 2 in a transaction with a ledger, under a key; then by a commit. */
async function write(journal: Journal): Promise<void> {
  const old = storeOver(journal);
  await old.put(person1, "ada", { name: "Ada Lovelace", n: 1 });
  await old.commit(person1, "ada", (draft) => void draft.n++);
  const store = storeOver(journal);
  await pay(store);
  await store.commit(person2, "ada", (draft) => void draft.n++);
}

function pay(store: OwnedStore) {
  const keys = [
    [person2, "ada"],
    [ledger, "1"],
  ] as const;
  return store.transact(
    keys,
    ([ada, book]) => {
      ada.n += 10;
      book.total += 10;
    },
    { idempotencyKey: "pay" },
  );
}

const ada4 = (n: number) => ({ first: "Ada", last: "Lovelace", n, tags: [] });

describe("a history of several schemas with a transaction in it, on disk", () => {
  it("reads as the newest by every way of reading, when opened anew", async () => {
    const journal = await journals.open();
    await write(journal);
    const store = storeOver(await journals.reopen(journal));
    expect(await store.read(person4, "ada")).toEqual(ada4(13));
    expect((await store.history(person4, "ada")).map(({ state, schema }) => [state, schema])).toEqual([
      [ada4(1), 1],
      [ada4(2), 1],
      [ada4(12), 2],
      [ada4(13), 2],
    ]);
    expect((await store.at(person4, "ada", 2)).state).toEqual(ada4(2));
    expect((await store.at(person4, "ada", { time: Number.MAX_SAFE_INTEGER })).state).toEqual(ada4(13));
    expect((await store.diff(person4, "ada", 1, 3)).patch).toEqual([{ op: "replace", path: "/n", value: 12 }]);
    expect((await store.bisect(person4, "ada", ({ n, tags }) => tags.length === 0 && n >= 2))?.version).toBe(2);
    expect(await store.blame(person4, "ada", "/last")).toMatchObject({ version: 1, value: "Lovelace" });
    expect(await store.blame(person4, "ada", "/n")).toMatchObject({ version: 4 });
    expect((await firstValueFrom(store.watch(person4, "ada"))).state).toEqual(ada4(13));
    expect(await store.revert(person4, "ada", 1)).toMatchObject({ version: 5, schema: 4, state: ada4(1) });
    expect(await store.fork(person4, "ada", 2, "eve")).toMatchObject({ version: 1, schema: 4, state: ada4(2) });
    // what is kept is as it was written
    expect((await store.at(person1, "ada", 1)).state).toEqual({ name: "Ada Lovelace", n: 1 });
    expect(await failure(store.read(person2, "ada"))).toMatchObject({ code: "schema-newer" });
  });

  it("reads as the newest through a replica", async () => {
    const journal = memoryJournal();
    await write(journal);
    const network = new LaggingNetwork({ journal });
    const client = new StoreClient(network.end(0).replica, { author: "me" });
    expect(await network.run(client.read(person4, "ada"))).toEqual(ada4(13));
    expect((await network.run(client.history(person4, "ada"))).map(({ state }) => state.n)).toEqual([1, 2, 12, 13]);
    expect((await network.run(client.at(person4, "ada", 1))).state).toEqual(ada4(1));
  });

  it("answers a repeated transaction with what it made then, when opened anew", async () => {
    const journal = await journals.open();
    await write(journal);
    const again = await pay(storeOver(await journals.reopen(journal)));
    expect(again.map(({ key, version }) => [key, version])).toEqual([
      ["person/ada", 3],
      ["ledger/1", 1],
    ]);
  });

  it("commits no transaction again of which retention has dropped a part, and says so", async () => {
    const journal = await journals.open();
    await write(journal);
    const rules = [{ keys: "person/*", keep: { last: 1 } }];
    await storeOver(journal, rules).compact();
    const store = storeOver(await journals.reopen(journal), rules);
    expect(await failure(pay(store))).toMatchObject({
      code: "no-such-version",
      details: { idempotencyKey: "pay", key: "person/ada", version: 3 },
    });
    expect(await store.read(ledger, "1")).toEqual({ total: 10 });
    // one over other keys is still a mistake
    const foreign = store.commit(ledger, "2", (draft) => void draft.total++, { idempotencyKey: "pay" });
    expect(await failure(foreign)).toMatchObject({ code: "idempotency-mismatch" });
  });

  it("forgets a transaction with the last of its versions", async () => {
    const journal = await journals.open();
    await write(journal);
    await storeOver(journal).commit(ledger, "1", (draft) => void draft.total++);
    const rules = [{ keys: "*", keep: { last: 1 } }];
    const store = storeOver(journal, rules);
    await store.compact();
    expect((await pay(store)).map(({ version }) => version)).toEqual([5, 3]);
  });

  it("exports and imports with its schemas, into a store on disk that reads it as the newest", async () => {
    const [from, to] = [await journals.open(), await journals.open()];
    await write(from);
    const lines = await linesOf(storeOver(from), "ada");
    await storeOver(to).importHistory(lines);
    const store = storeOver(await journals.reopen(to));
    expect((await store.history(person4, "ada")).map(({ state, schema }) => [state.n, schema])).toEqual([
      [1, 1],
      [2, 1],
      [12, 2],
      [13, 2],
    ]);
    const withoutPosition = (line: string): string => line.replace(/"position":\d+,/, "");
    expect((await linesOf(store, "ada")).map(withoutPosition)).toEqual(lines.map(withoutPosition));
    expect(await store.commit(person4, "ada", (draft) => void draft.n++)).toMatchObject({ version: 5, schema: 4 });
  });

  it("can be imported key by key: the transaction is known again once all of it is there", async () => {
    const from = memoryJournal();
    await write(from);
    const source = storeOver(from);
    const book: string[] = [];
    for await (const line of source.exportHistory(ledger, "1")) book.push(line);
    const journal = await journals.open();
    const store = storeOver(journal);
    await store.importHistory(await linesOf(source, "ada"));
    await store.importHistory(book);
    const opened = storeOver(await journals.reopen(journal));
    expect((await pay(opened)).map(({ version }) => version)).toEqual([3, 1]);
  });

  it("is trimmed by age although imported times are older than the store", async () => {
    const from = memoryJournal();
    await write(from);
    const clock = fixedClock(1_000_000);
    const journal = await journals.open();
    const store = storeOver(journal, [{ keys: "person/*", keep: { age: 10 } }], clock);
    await store.commit(ledger, "1", (draft) => void draft.total++);
    await store.importHistory(await linesOf(storeOver(from), "ada"));
    await store.compact();
    expect((await store.history(person4, "ada")).map(({ version }) => version)).toEqual([4]);
    // and the order of time goes on where the store was
    expect((await store.commit(ledger, "1", (draft) => void draft.total++)).time).toBe(1_000_000);
  });
});

describe("an import that can't be right", () => {
  const header = (newest: number): string =>
    JSON.stringify({ troupe: "history", format: 1, key: "person/ada", oldest: 1, newest });
  const line = (version: number, more: object): string =>
    JSON.stringify({ version, parent: version - 1, author: "me", time: 1, schema: 1, ...more });

  it("leaves nothing where a version is of an older schema than the one before", async () => {
    const store = storeOver(memoryJournal());
    const lines = [header(2), line(1, { state: { n: 1 }, schema: 2 }), line(2, { patches: [] })];
    expect(await failure(store.importHistory(lines, "ada.jsonl"))).toMatchObject({
      code: "invalid-input",
      details: { file: "ada.jsonl", line: 3 },
    });
    expect(await store.ids(person1)).toEqual([]);
  });
});
