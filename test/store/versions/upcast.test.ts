/** States of older schemas read as the newest: where a definition stands, what was written before, what is kept. */

import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { applyPatches } from "../../../src/store/versions/apply-patches.ts";
import { AuthorityAccess } from "../../../src/store/authority/authority-access.ts";
import type { CommitRecord } from "../../../src/store/versions/commit.ts";
import { resolveHistoryRange } from "../../../src/store/versions/history-range.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import type { Snapshot } from "../../../src/store/versions/snapshot.ts";
import type { Upcaster } from "../../../src/store/versions/state-definition.ts";
import { defineState } from "../../../src/store/versions/define-state.ts";
import { StoreAuthority } from "../../../src/store/authority/store-authority.ts";
import { StoreClient } from "../../../src/store/client/store-client.ts";
import { isDeeplyFrozen } from "../support/deeply.ts";
import { ledger } from "../support/definitions.ts";
import { failure } from "../support/failure.ts";
import { fixedClock } from "../support/fixed-clock.ts";
import { LaggingNetwork } from "../support/lagging-network.ts";
import { recordOf, setTo } from "../support/requests.ts";
import { person1, person2, person3, person4, releases } from "../support/versions-of-person.ts";

function start() {
  const authority = new StoreAuthority({ journal: memoryJournal(), clock: fixedClock() });
  const client = new StoreClient(new AuthorityAccess(authority), { author: "me" });
  const records = (): readonly CommitRecord[] =>
    authority.records("person/1", resolveHistoryRange()) as readonly CommitRecord[];
  return { authority, client, records };
}

const ada1 = { name: "Ada Byron", n: 1 };
const ada4 = { first: "Ada", last: "Byron", n: 1, tags: [] };

describe("what was written under an older schema", () => {
  it("is read in the newest shape, frozen, and still says under which it was written", async () => {
    const { client, authority } = start();
    const put = await client.put(person1, "1", ada1);
    expect(put).toMatchObject({ schema: 1, state: ada1 });
    expect(await client.read(person4, "1")).toEqual(ada4);
    const snapshot = await client.snapshot(person4, "1");
    expect(snapshot).toEqual({ ...put, state: ada4 });
    expect(isDeeplyFrozen(snapshot)).toBe(true);
    expect(await client.at(person4, "1", 1)).toEqual(snapshot);
    expect(await client.history(person4, "1")).toEqual([snapshot]);
    expect((authority.head("person/1") as Snapshot).state).toEqual(ada1);
  });

  it("is upcast once", async () => {
    let runs = 0;
    const counted = defineState({
      name: "person",
      version: 2,
      schema: v.object({ n: v.number() }),
      upcasters: { 1: ({ n }: { n: number }) => (runs++, { n }) },
    });
    const { client } = start();
    await client.put(person1, "1", ada1);
    const first = await client.read(counted, "1");
    expect(await client.read(counted, "1")).toBe(first);
    expect((await client.history(counted, "1"))[0]?.state).toBe(first);
    expect((await client.commit(counted, "1", () => undefined)).state).toBe(first);
    expect(runs).toBe(1);
  });

  it("is itself for the definition it was written under", async () => {
    const { client, authority } = start();
    await client.put(person4, "1", ada4);
    expect(await client.snapshot(person4, "1")).toBe(authority.head("person/1"));
  });

  it("is what a recipe, a transaction and a watcher get upcast", async () => {
    const { client } = start();
    await client.put(person1, "1", ada1);
    const watched: Snapshot[] = [];
    client.watch(person4, "1").subscribe((snapshot) => watched.push(snapshot));
    const keys = [
      [person4, "1"],
      [ledger, "1"],
    ] as const;
    const [read] = await client.transact(keys, ([ada, log]) => void log.log.push(ada.last));
    expect(read).toMatchObject({ version: 1, schema: 1, state: ada4 });
    expect(await client.read(ledger, "1")).toMatchObject({ log: ["Byron"] });
    const written = await client.commit(person4, "1", (draft) => void draft.tags.push({ label: "new" }));
    expect(written).toMatchObject({ version: 2, schema: 4, state: { ...ada4, tags: [{ label: "new" }] } });
    expect(watched.map(({ version, schema, state }) => [version, schema, state])).toEqual([
      [1, 1, ada4],
      [2, 4, { ...ada4, tags: [{ label: "new" }] }],
    ]);
  });

  it("stays as it was: the first commit after the change leads from it to the new shape", async () => {
    const { client, authority, records } = start();
    await client.put(person1, "1", ada1);
    const before = authority.at("person/1", 1);
    await client.commit(person2, "1", (draft) => void draft.n++);
    expect(authority.at("person/1", 1)).toBe(before);
    const [first, second] = records();
    expect([first?.snapshot.state, second?.snapshot.state]).toEqual([ada1, { first: "Ada", last: "Byron", n: 2 }]);
    expect(applyPatches(ada1, second?.patches ?? [])).toEqual({ first: "Ada", last: "Byron", n: 2 });
    await client.commit(person2, "1", (draft) => void draft.n++);
    expect(records()[2]?.patches).toEqual([{ op: "replace", path: ["n"], value: 3 }]);
  });

  it("isn't written anew by a recipe that changes nothing", async () => {
    const { client, records } = start();
    await client.put(person1, "1", ada1);
    expect(await client.commit(person4, "1", () => undefined)).toMatchObject({ version: 1, schema: 1, state: ada4 });
    expect(records()).toHaveLength(1);
  });

  it("shows in the newest shape on both sides of a conflict", async () => {
    const { client } = start();
    const stale = await client.put(person1, "1", ada1);
    await client.put(person1, "1", { ...ada1, n: 2 });
    const lost = client.commit(person4, "1", (draft) => void draft.n++, { expectedVersion: stale.version });
    expect(await failure(lost)).toMatchObject({
      details: { base: 1, mine: { ...ada4, n: 3 }, theirs: { version: 2, schema: 1, state: { ...ada4, n: 2 } } },
    });
  });

  it("is the original of an idempotency key, upcast", async () => {
    const { client } = start();
    await client.put(person1, "1", ada1, { idempotencyKey: "k" });
    expect(await client.put(person4, "1", ada4, { idempotencyKey: "k" })).toMatchObject({ schema: 1, state: ada4 });
  });

  it("can be replaced without being read", async () => {
    const { client } = start();
    await client.put(person1, "1", ada1);
    const bare = defineState({ name: "person", version: 3, schema: v.object({ id: v.string() }) });
    expect(await client.put(bare, "1", { id: "ada" })).toMatchObject({ version: 2, schema: 3, state: { id: "ada" } });
  });
});

describe("what was written under a newer schema", () => {
  it("can neither be read nor written after, by any way", async () => {
    const { client, authority } = start();
    await client.put(person1, "1", ada1);
    await client.put(person3, "1", { first: "Ada", last: "Byron", n: 1, tags: [] });
    const newer = {
      code: "schema-newer",
      message: expect.stringContaining(
        "person/1@2 was written under version 3 of its schema, and the definition here is at version 1",
      ),
      details: { key: "person/1", version: 2, schema: 3, known: 1 },
    };
    let watched: unknown;
    client.watch(person1, "1").subscribe({ error: (error) => (watched = error) });
    expect(watched).toMatchObject(newer);
    const ways = [
      client.read(person1, "1"),
      client.snapshot(person1, "1"),
      client.at(person1, "1", 2),
      client.history(person1, "1"),
      client.commit(person1, "1", (draft) => void draft.n++),
      client.transact([[person1, "1"]], ([draft]) => void draft.n++),
      client.put(person1, "1", ada1),
      client.put(person1, "1", ada1, { expectedVersion: 2 }),
    ];
    for (const way of ways) expect(await failure(way)).toMatchObject(newer);
    expect(authority.position).toBe(2);
    expect(await client.history(person1, "1", { to: 1 })).toMatchObject([{ state: ada1 }]);
  });

  it("isn't replaced by who hasn't seen it yet either", async () => {
    const network = new LaggingNetwork();
    const client = new StoreClient(network.end().replica, { author: "me" });
    const newer = new StoreClient(new AuthorityAccess(network.authority), { author: "newer" });
    await network.run(client.put(person1, "1", ada1));
    await newer.put(person4, "1", ada4);
    const unseen = client.put(person1, "1", ada1, { expectedVersion: 2 });
    expect(await network.run(failure(unseen))).toMatchObject({ code: "schema-newer", details: { known: 1 } });
    expect(network.authority.commit(setTo("person/1", 2, 1, { schema: 4 }))).toMatchObject({ kind: "committed" });
  });
});

describe("an upcaster", () => {
  const family = (upcasters: Readonly<Record<number, Upcaster>>, version = 3) =>
    defineState({ name: "person", version, schema: v.object({ n: v.number(), more: v.boolean() }), upcasters });

  async function readOf(upcasters: Readonly<Record<number, Upcaster>>): Promise<unknown> {
    const { client } = start();
    await client.put(person1, "1", ada1);
    return failure(client.read(family(upcasters), "1"));
  }

  it("that is missing is named", async () => {
    expect(await readOf({ 2: (old: object) => old })).toMatchObject({
      code: "no-upcaster",
      message: expect.stringContaining(
        "person/1@1 was written under version 1 of its schema, and person@3 has no upcaster 1",
      ),
      details: { key: "person/1", version: 1, schema: 1, upcaster: 1 },
    });
  });

  it.each([
    [
      "throws",
      {
        1: () => ({}),
        2: () => {
          throw new TypeError("no such field");
        },
      },
      { upcaster: 2 },
      "upcaster 2 was the last that ran, and it threw: no such field",
    ],
    [
      "changes what it gets",
      { 1: (old: { n: number }) => ((old.n = 2), old), 2: (old: object) => old },
      { upcaster: 1 },
      "upcaster 1 was the last that ran, and it threw: Cannot assign to read only property",
    ],
    [
      "makes what can't be kept",
      { 1: () => ({ when: new Date() }), 2: (old: object) => old },
      { upcaster: 1, path: "when" },
      "when of it is an instance of Date",
    ],
    [
      "is asynchronous",
      { 1: async () => ({}), 2: (old: object) => old },
      { upcaster: 1 },
      "it is an instance of Promise",
    ],
    [
      "makes what the schema refuses",
      { 1: (old: object) => old, 2: (old: object) => old },
      { upcaster: 2, path: "more" },
      "person@3 is violated at more: expected a value, received undefined",
    ],
    ["makes nothing", { 1: () => undefined, 2: () => undefined }, { upcaster: 2, path: "" }, "violated at its root"],
  ] as const)("that %s is an error of the read, which says which", async (_what, upcasters, details, message) => {
    expect(await readOf(upcasters)).toMatchObject({
      code: "invalid-state",
      message: expect.stringContaining(message),
      details: { key: "person/1", version: 1, schema: 1, ...details },
    });
  });

  it("that fails leaves what is kept as it was, and is asked again the next time", async () => {
    const { client, authority } = start();
    await client.put(person1, "1", ada1);
    let broken = true;
    const mended = family({
      1: ({ n }: { n: number }) => {
        if (broken) throw new Error("broken");
        return { n, more: true };
      },
      2: (old: object) => old,
    });
    expect(await failure(client.commit(mended, "1", (draft) => void draft.n++))).toMatchObject({
      code: "invalid-state",
    });
    broken = false;
    expect(await client.read(mended, "1")).toEqual({ n: 1, more: true });
    expect(authority.position).toBe(1);
  });

  it("shares parts with what it got", () => {
    const { snapshot } = recordOf("a/1", 1, 1, { state: Object.freeze({ deep: Object.freeze([1]) }) });
    const shared = defineState({
      name: "a",
      version: 2,
      schema: v.object({ deep: v.array(v.number()), n: v.number() }),
      upcasters: { 1: (old: object) => ({ ...old, n: 1 }) },
    });
    expect(shared.upcast(snapshot).state.deep).toBe((snapshot.state as { deep: unknown }).deep);
  });
});

describe("a chain of versions, written under one schema after another", () => {
  const step = fc.record({ rise: fc.constantFrom(0, 0, 1, 2), by: fc.integer({ min: 1, max: 9 }), put: fc.boolean() });

  it("reads as the newest, is kept as it was written, and its patches lead through it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), fc.nat(3), async (steps, reader) => {
        const { client, authority, records } = start();
        const network = new LaggingNetwork();
        const remote = new StoreClient(network.end().replica, { author: "remote" });
        const written: { release: number; n: number }[] = [];
        let release = 0;
        let n = 0;
        for (const [i, { rise, by, put }] of steps.entries()) {
          release = Math.min(releases.length - 1, release + rise);
          n += by;
          const { definition, state } = releases[release]!;
          for (const [writer, run] of [
            [client, (work: Promise<unknown>) => work],
            [remote, (work: Promise<unknown>) => network.run(work)],
          ] as const)
            await run(
              put || i === 0
                ? writer.put(definition, "1", state("Ada", "Byron", n) as { n: number })
                : writer.commit(definition, "1", (draft) => void (draft.n = n)),
            );
          written.push({ release, n });
        }
        const at = Math.max(reader, release);
        const { definition, state } = releases[at]!;
        const history = await client.history(definition, "1");
        expect(history.map((snapshot) => snapshot.state)).toEqual(written.map((one) => state("Ada", "Byron", one.n)));
        expect(history.map(({ schema }) => schema)).toEqual(written.map((one) => one.release + 1));
        expect(await network.run(remote.history(definition, "1"))).toEqual(
          history.map((snapshot) => ({ ...snapshot, author: "remote" })),
        );
        for (const { version, state: now } of history)
          expect((await client.at(definition, "1", version)).state).toBe(now);
        expect(await client.read(definition, "1")).toBe(history.at(-1)?.state);
        // kept as it was written
        let patched: unknown;
        for (const [i, { snapshot, patches }] of records().entries()) {
          const one = written[i]!;
          expect(snapshot.state).toEqual(releases[one.release]!.state("Ada", "Byron", one.n));
          expect(snapshot.schema).toBe(one.release + 1);
          patched = applyPatches(patched, patches);
          expect(patched).toEqual(snapshot.state);
        }
        expect(await network.run(Promise.resolve(network.end().replica.snapshot("person/1", 0)))).toEqual({
          ...(authority.head("person/1") as Snapshot),
          author: "remote",
        });
      }),
      { numRuns: 200 },
    );
  });
});
