/** Versioned state through actors of real threads: no update is lost (invariant 3), nothing stale is read (invariant 4). */

import { describe, expect, it } from "vitest";
import { isConflictError } from "troupe";
import { adder, tally, writer } from "../../fixtures/actors.ts";
import { latch } from "../../fixtures/latch.ts";
import { patiently, record, rejectionOf, useSystem } from "../../fixtures/real-threads.ts";
import { anything, decider, keeper, newPricer, oldPricer, priceV1, priceV2 } from "../../fixtures/store-actors.ts";

const system = useSystem();

const upTo = (last: number): number[] => Array.from({ length: last }, (_, n) => n + 1);

describe("invariant 3: no update is lost", () => {
  it("with actors of every thread at the same keys", async () => {
    const keys = ["a", "b", "c", "d"].map((key) => `contested-${key}`);
    const rounds = 25;
    const watched = keys.map((key) => record(system().store.watch(tally, key)));
    const refs = await Promise.all(
      [0, 0, 1, 1, 2, 2].map((thread) => system().spawn(adder, { placement: { thread } })),
    );
    const answers = await Promise.all(
      refs.flatMap((ref) =>
        upTo(rounds).flatMap(() =>
          keys.map(async (key) => ({ key, ...(await ref.ask("add", { key, by: 1 }, patiently)) })),
        ),
      ),
    );
    const total = refs.length * rounds;
    for (const [index, key] of keys.entries()) {
      // each was told of a version of its own, and what it told of is what the version holds
      const own = answers.filter((answer) => answer.key === key).sort((one, other) => one.version - other.version);
      expect(own).toEqual(upTo(total).map((n) => ({ key, version: n, n })));
      const history = await system().store.history(tally, key, { order: "oldest-first" });
      expect(history.map(({ version, parent, state }) => ({ version, parent, n: state.n }))).toEqual(
        upTo(total).map((n) => ({ version: n, parent: n - 1, n })),
      );
      const byAuthor = refs.map(({ address }) => history.filter(({ author }) => author === address).length);
      expect(byAuthor).toEqual(refs.map(() => rounds));
      const positions = history.map(({ position }) => position);
      expect(positions).toEqual([...positions].sort((one, other) => one - other));
      expect((await watched[index]!.take(total)).map(({ version }) => version)).toEqual(upTo(total));
      expect(await system().store.read(tally, key)).toEqual({ n: total });
    }
    for (const one of watched) one.stop();
  });

  it("with main in between", async () => {
    const refs = await Promise.all([1, 2].map((thread) => system().spawn(adder, { placement: { thread } })));
    const key = "with-main";
    const adding = refs.flatMap((ref) => upTo(50).map(() => ref.ask("add", { key, by: 1 }, patiently)));
    const own = upTo(50).map(() => system().store.commit(tally, key, (draft) => void draft.n++));
    await Promise.all([...adding, ...own]);
    expect(await system().store.read(tally, key)).toEqual({ n: 150 });
    expect((await system().store.snapshot(tally, key))?.version).toBe(150);
  });

  it.each([0, 1])("a decision on thread %i on what has changed since is refused, with both sides", async (thread) => {
    const key = `decided-${thread}`;
    await system().store.put(tally, key, { n: 10 });
    const ref = await system().spawn(decider, { placement: { thread } });
    const rival = await system().spawn(adder, { placement: { thread: 2 } });
    const hold = async () => system().spawn(latch, { placement: { thread: 2 } });

    const first = await hold();
    const decided = ref.ask("decide", { key, by: 1, latch: first, label: "decide" }, patiently);
    await first.ask("arrived", { count: 1 }, patiently);
    await rival.ask("add", { key, by: 5 });
    await first.ask("open");
    expect(await decided).toMatchObject({
      key: `tally/${key}`,
      base: 1,
      mine: { n: 11 },
      theirs: { version: 2, state: { n: 15 }, author: rival.address },
      attempts: 1,
    });

    const second = await hold();
    const insisted = rejectionOf(ref.ask("insist", { key, by: 1, latch: second, label: "insist" }, patiently));
    await second.ask("arrived", { count: 1 }, patiently);
    await rival.ask("add", { key, by: 5 });
    await second.ask("open");
    const { cause } = (await insisted) as Error;
    expect(isConflictError(cause)).toBe(true);
    expect(cause).toMatchObject({
      code: "conflict",
      details: { base: 2, mine: { n: 16 }, theirs: { version: 3, state: { n: 20 } } },
    });

    const third = await hold();
    const adapted = ref.ask("adapt", { key, by: 1, latch: third, label: "adapt" }, patiently);
    await third.ask("arrived", { count: 1 }, patiently);
    await rival.ask("add", { key, by: 5 });
    await third.ask("open");
    expect(await adapted).toEqual({ version: 5, n: 26 });
    expect((await system().store.history(tally, key, { order: "oldest-first" })).map(({ state }) => state.n)).toEqual([
      10, 15, 20, 25, 26,
    ]);

    const undisturbed = await hold();
    await undisturbed.tell("open");
    expect(await ref.ask("decide", { key, by: 1, latch: undisturbed, label: "again" }, patiently)).toEqual({
      version: 6,
    });
  });

  it.each([0, 1])("a put on thread %i that expects another version is refused", async (thread) => {
    const ref = await system().spawn(keeper, { placement: { thread } });
    const key = `expected-${thread}`;
    expect(await ref.ask("putAt", { key, value: 1, expectedVersion: 0 })).toBe(1);
    const refused = { cause: { code: "conflict", details: { base: 0, theirs: { version: 1, state: { value: 1 } } } } };
    expect(await rejectionOf(ref.ask("putAt", { key, value: 2, expectedVersion: 0 }))).toMatchObject(refused);
    expect(await ref.ask("putAt", { key, value: 2, expectedVersion: 1 })).toBe(2);
  });
});

describe("invariant 4: nothing stale is read", () => {
  it.each([
    [1, 2],
    [2, 1],
    [1, 0],
    [0, 2],
    [1, 1],
  ])("by whom a writer on thread %i asks, on thread %i, in 300 rounds", async (from, to) => {
    const ref = await system().spawn(writer, { placement: { thread: from } });
    const reader = await system().spawn(adder, { placement: { thread: to } });
    for (let round = 0; round < 300; round++) {
      const key = `round-${from}-${to}-${Math.floor(round / 10)}`; // a new one now and then, which no replica follows yet
      const { wrote, read } = await ref.ask("write", { key, by: 1, reader });
      expect(read).toBeGreaterThanOrEqual(wrote);
      expect(wrote).toBe((round % 10) + 1);
    }
  });

  it("by whom main asks after its own commit, and by main after an actor's", async () => {
    const refs = await Promise.all([1, 2].map((thread) => system().spawn(adder, { placement: { thread } })));
    for (let round = 0; round < 300; round++) {
      const key = `main-${Math.floor(round / 10)}`;
      const ref = refs[round % 2]!;
      const { version } = await system().store.commit(tally, key, (draft) => void draft.n++);
      expect((await ref.ask("read", { key })).version).toBeGreaterThanOrEqual(version);
      const added = await ref.ask("add", { key, by: 1 });
      expect((await system().store.snapshot(tally, key))?.version).toBeGreaterThanOrEqual(added.version);
      expect((await refs[(round + 1) % 2]!.ask("read", { key })).version).toBeGreaterThanOrEqual(added.version);
    }
  });
});

describe("states", () => {
  it.each([
    ["numbers that JSON lacks", [Number.NaN, Number.POSITIVE_INFINITY, -0]],
    ["undefined", { a: undefined, b: [undefined] }],
    ["bigints", [2n ** 100n]],
    ["strings", ["", "\ud800", "\u2028", "🎭"]],
    ["awkward keys", JSON.parse('{"__proto__":{"x":1},"constructor":1,"@troupe":"ref"}')],
  ])("with %s are the same on every thread", async (name, value) => {
    const key = name.replaceAll(" ", "-");
    const [here, one, other] = await Promise.all(
      [0, 1, 2].map((thread) => system().spawn(keeper, { placement: { thread } })),
    );
    for (const ref of [one!, other!, here!]) {
      await ref.ask("put", { key, value: null });
      await ref.ask("put", { key, value });
      for (const reader of [here!, one!, other!]) expect(await reader.ask("get", { key })).toStrictEqual(value);
      expect((await system().store.read(anything, key)).value).toStrictEqual(value);
    }
  });

  it.each([0, 1])("are frozen for their readers on thread %i", async (thread) => {
    const ref = await system().spawn(keeper, { placement: { thread } });
    await ref.ask("put", { key: `frozen-${thread}`, value: [1] });
    expect(await ref.ask("tamper", { key: `frozen-${thread}` })).toBe("frozen");
    expect(await ref.ask("get", { key: `frozen-${thread}` })).toEqual([1]);
  });

  it.each([0, 1])("are guarded on thread %i", async (thread) => {
    const ref = await system().spawn(keeper, { placement: { thread } });
    const key = `misused-${thread}`;
    expect(await ref.ask("misuse", { key })).toEqual([
      "no-such-key",
      "invalid-state",
      "invalid-state",
      "invalid-state",
      "recipe-failed",
    ]);
    expect(await system().store.snapshot(tally, key)).toBeUndefined();
  });
});

describe("two versions of a definition on two threads", () => {
  it.each([
    [1, 2],
    [2, 0],
    [0, 1],
  ])("the older on %i and the newer on %i: the older stops where the newer has written", async (older, newer) => {
    const key = `price-${older}`;
    const old = await system().spawn(oldPricer, { placement: { thread: older } });
    const current = await system().spawn(newPricer, { placement: { thread: newer } });
    await system().store.put(priceV1, key, { euros: 3 });
    expect(await old.ask("raise", { key, cents: 100 })).toBe('{"euros":4}');
    expect(await current.ask("raise", { key, cents: 5 })).toBe('{"cents":405}');
    expect(await old.ask("raise", { key, cents: 100 })).toBe("schema-newer");
    expect(await current.ask("raise", { key, cents: 5 })).toBe('{"cents":410}');
    const history = await system().store.history(priceV2, key);
    expect(history.map(({ schema, state }) => [schema, state.cents])).toEqual([
      [1, 300],
      [1, 400],
      [2, 405],
      [2, 410],
    ]);
  });
});

describe("watching from main", () => {
  it("starts with the newest version, misses none, and ends with its last subscriber", async () => {
    const key = "watched";
    const refs = await Promise.all([1, 2].map((thread) => system().spawn(adder, { placement: { thread } })));
    const fromTheStart = record(system().store.watch(tally, key));
    await refs[0]!.ask("add", { key, by: 1 });
    await refs[1]!.ask("add", { key, by: 1 });
    const later = record(system().store.watch(tally, key));
    expect(await later.first()).toMatchObject({ version: 2, state: { n: 2 } });
    await Promise.all(upTo(40).map((n) => refs[n % 2]!.ask("add", { key, by: 1 }, patiently)));
    expect((await fromTheStart.take(42)).map(({ version, state }) => [version, state.n])).toEqual(
      upTo(42).map((n) => [n, n]),
    );
    expect((await later.take(41)).map(({ version }) => version)).toEqual(upTo(42).slice(1));
    later.stop();
    await refs[0]!.ask("add", { key, by: 1 });
    await fromTheStart.take(43);
    expect(later.values).toHaveLength(41);
    fromTheStart.stop();
  });
});
