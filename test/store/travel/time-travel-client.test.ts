/** Time travel as users have it: beside the authority, and over a replica. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AuthorityAccess } from "../../../src/store/authority/authority-access.ts";
import { isConflictError } from "../../../src/store/versions/conflict-error.ts";
import { runCause } from "../../../src/store/versions/cause.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import type { Journal } from "../../../src/store/journal/journal.ts";
import { StoreClient } from "../../../src/store/client/store-client.ts";
import type { StoreAccess } from "../../../src/store/versions/store-access.ts";
import { TimeTravelClient } from "../../../src/store/travel/time-travel-client.ts";
import { isDeeplyFrozen } from "../support/deeply.ts";
import { anna, ledger, profile } from "../support/definitions.ts";
import { failure } from "../support/failure.ts";
import { applyJsonPatch } from "../support/json-patch.ts";
import { LaggingNetwork } from "../support/lagging-network.ts";

type Run = <T>(work: Promise<T>) => Promise<T>;

interface World {
  readonly network: LaggingNetwork;
  readonly journal: Journal;
  readonly access: StoreAccess;
  readonly store: TimeTravelClient;
  /** Waits, delivering messages meanwhile. */
  readonly run: Run;
}

function world(where: "authority" | "replica"): World {
  const journal = memoryJournal();
  const network = new LaggingNetwork({ journal });
  const access = where === "authority" ? new AuthorityAccess(network.authority) : network.end().replica;
  return {
    network,
    journal,
    access,
    store: new TimeTravelClient(access, { author: "me", remembersReads: false }),
    run: async (work) => {
      const waiting = new Set([work]);
      const over = (): boolean => waiting.delete(work);
      work.then(over, over);
      while (waiting.size > 0) await network.drain();
      return work;
    },
  };
}

/** Commits totals one after the other, a second apart from 1,000 on, by whom and for which run as told. */
async function fill(
  { network, access, run }: World,
  totals: readonly number[],
  by: (n: number) => { author?: string; run?: string } = () => ({}),
): Promise<void> {
  for (const [n, total] of totals.entries()) {
    const { author = "me", run: forRun } = by(n);
    const client = new StoreClient(access, { author, ...(forRun === undefined ? {} : { cause: runCause(forRun) }) });
    await run(client.commit(ledger, "1", (draft) => void (draft.total = total)));
    network.clock.time += 1_000;
  }
}

describe.each(["authority", "replica"] as const)("at the %s", (where) => {
  describe("history", () => {
    it("filters by author, run and time, and counts what it found", async () => {
      const w = world(where);
      const { store, run } = w;
      await fill(w, [1, 2, 3, 4, 5, 6], (n) => (n % 2 === 0 ? { author: "ann", run: "r1" } : { author: "bob" }));
      const versions = async (options: Parameters<typeof store.history>[2]): Promise<readonly number[]> =>
        (await run(store.history(ledger, "1", options))).map(({ version }) => version);
      expect(await versions({ author: "ann" })).toEqual([1, 3, 5]);
      expect(await versions({ run: "r1", order: "newest-first" })).toEqual([5, 3, 1]);
      expect(await versions({ run: "r2" })).toEqual([]);
      expect(await versions({ author: "bob", run: "r1" })).toEqual([]);
      expect(await versions({ author: "ann", limit: 2 })).toEqual([1, 3]);
      expect(await versions({ author: "ann", limit: 2, order: "newest-first" })).toEqual([5, 3]);
      expect(await versions({ author: "ann", limit: 2, order: "newest-first", to: 2 })).toEqual([1]);
      expect(await versions({ since: 2_000, until: 4_000 })).toEqual([2, 3, 4]);
      expect(await versions({ since: 2_000.5 })).toEqual([3, 4, 5, 6]);
      expect(await versions({ until: 999 })).toEqual([]);
      expect(await versions({ since: 2_000, author: "ann", limit: 1 })).toEqual([3]);
      expect(await versions({ to: 0 })).toEqual([]);
      const found = await run(store.history(ledger, "1", { author: "ann" }));
      expect(found.map(({ state }) => state.total)).toEqual([1, 3, 5]);
      expect(found.every(isDeeplyFrozen)).toBe(true);
    });

    it("doesn't read the states of versions that don't count", async () => {
      const w = world(where);
      await fill(w, [1, 2, 3, 4, 5, 6, 7, 8], (n) => (n === 2 ? { author: "ann" } : {}));
      const read: number[] = [];
      const { at, records } = w.journal;
      w.journal.at = (key, version) => (read.push(version), at(key, version));
      w.journal.records = (key, ...range) => (read.push(...range), records(key, ...range));
      expect(await w.run(w.store.history(ledger, "1", { author: "ann" }))).toMatchObject([{ version: 3 }]);
      expect(read).toEqual([3]);
    });

    it("agrees with a filter over all of it", async () => {
      const w = world(where);
      const totals = Array.from({ length: 40 }, (_, n) => n);
      await fill(w, totals, (n) => ({ author: `a${n % 3}`, ...(n % 5 < 2 ? { run: `r${n % 4}` } : {}) }));
      const all = await w.run(w.store.history(ledger, "1"));
      const time = fc.integer({ min: 0, max: 42_000 });
      const options = fc.record(
        {
          from: fc.integer({ min: 1, max: 45 }),
          to: fc.integer({ min: 0, max: 45 }),
          limit: fc.integer({ min: 1, max: 45 }),
          order: fc.constantFrom("oldest-first" as const, "newest-first" as const),
          author: fc.constantFrom("a0", "a1", "a2", "a3"),
          run: fc.constantFrom("r0", "r1", "r2", "r3"),
          since: time,
          until: time,
        },
        { requiredKeys: [] },
      );
      await fc.assert(
        fc.asyncProperty(options, async (chosen) => {
          const { from = 1, to = 99, limit, order, author, run, since = 0, until = Infinity } = chosen;
          const expected = (order === "newest-first" ? all.toReversed() : all)
            .filter(({ version }) => version >= from && version <= to)
            .filter((one) => author === undefined || one.author === author)
            .filter(({ cause }) => run === undefined || cause === `run/${run}`)
            .filter(({ time: at }) => at >= since && at <= until)
            .slice(0, limit);
          expect(await w.run(w.store.history(ledger, "1", chosen))).toEqual(expected);
        }),
        { numRuns: 150 },
      );
    });

    it.each([{ since: Number.NaN }, { until: Number.POSITIVE_INFINITY }, { from: 0 }, { to: -1 }, { limit: 0 }])(
      "refuses %j",
      async (options) => {
        expect(await failure(world(where).store.history(ledger, "1", options))).toMatchObject({
          code: "invalid-options",
        });
      },
    );
  });

  describe("at a time", () => {
    it("gives the version that was the newest", async () => {
      const w = world(where);
      await fill(w, [1, 2, 3, 4, 5]);
      for (let time = 1_000; time <= 7_000; time += 250) {
        const { version } = await w.run(w.store.at(ledger, "1", { time }));
        expect(version).toBe(Math.min(5, Math.floor(time / 1_000)));
      }
    });

    it("says that there was none, with the time", async () => {
      const w = world(where);
      await fill(w, [1, 2]);
      expect(await failure(w.run(w.store.at(ledger, "1", { time: 999 })))).toMatchObject({
        code: "no-such-version",
        message:
          "ledger/1 has versions 1 to 2, and none that was there at 1970-01-01T00:00:00.999Z. Ask for one of those.",
        details: { time: 999, oldest: 1, newest: 2 },
      });
      expect(await failure(w.run(w.store.at(ledger, "2", { time: 5 })))).toMatchObject({ code: "no-such-version" });
      expect(await failure(w.run(w.store.at(ledger, "1", { time: Number.NaN })))).toMatchObject({
        code: "invalid-options",
      });
      expect(await failure(w.run(w.store.at(ledger, "1", { time: -1e300 })))).toMatchObject({
        message: expect.stringContaining("-1e+300 ms"),
      });
    });

    it("takes the last of those with the same time, and reads few", async () => {
      const w = world(where);
      const client = new StoreClient(w.access, { author: "me" });
      for (let n = 0; n < 100; n++) {
        await w.run(client.commit(ledger, "1", (draft) => void draft.total++));
        if (n % 10 === 9) w.network.clock.time++;
      }
      let looks = 0;
      const { meta } = w.journal;
      w.journal.meta = (key, version) => (looks++, meta(key, version));
      expect((await w.run(w.store.at(ledger, "1", { time: 1_003 }))).version).toBe(40);
      expect(looks).toBeLessThanOrEqual(7);
    });

    it("never has a version older than the one before, though the clock was set back", async () => {
      const w = world(where);
      await fill(w, [1, 2]);
      w.network.clock.time = 500;
      await fill(w, [3]);
      expect((await w.run(w.store.history(ledger, "1"))).map(({ time }) => time)).toEqual([1_000, 2_000, 2_000]);
    });
  });

  it("diffs any two versions", async () => {
    const w = world(where);
    await fill(w, [1, 2, 3]);
    const { patch, text } = await w.run(w.store.diff(ledger, "1", 1, 3));
    expect(patch).toEqual([{ op: "replace", path: "/total", value: 3 }]);
    expect(text).toBe("~ /total 1 → 3");
    expect(applyJsonPatch({ log: [], total: 1 }, patch)).toEqual((await w.run(w.store.at(ledger, "1", 3))).state);
    expect((await w.run(w.store.diff(ledger, "1", 3, 1))).text).toBe("~ /total 3 → 1");
    expect(await failure(w.run(w.store.diff(ledger, "1", 1, 4)))).toMatchObject({ code: "no-such-version" });
  });

  it("bisects, in a range or in all there is", async () => {
    const w = world(where);
    await fill(w, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const find = (least: number, range?: { from?: number; to?: number }): Promise<number | undefined> =>
      w
        .run(w.store.bisect(ledger, "1", async ({ total }, { version }) => total >= least && version > 0, range))
        .then((found) => found?.version);
    expect(await find(6)).toBe(6);
    expect(await find(6, { from: 7 })).toBe(7);
    expect(await find(6, { to: 5 })).toBeUndefined();
    expect(await find(99)).toBeUndefined();
    expect(await find(0)).toBe(1);
    for (const range of [{ from: 0 }, { to: 10 }, { from: 1.5 }]) {
      expect(await failure(find(6, range))).toMatchObject({ code: "no-such-version" });
    }
    expect(await w.run(w.store.bisect(ledger, "none", () => true))).toBeUndefined();
  });

  it("blames", async () => {
    const w = world(where);
    await fill(w, [...Array.from({ length: 100 }, (_, n) => n), 7], (n) =>
      n === 100 ? { author: "ann", run: "r" } : {},
    );
    expect(await w.run(w.store.blame(ledger, "1", "/total"))).toMatchObject({ version: 101, author: "ann", run: "r" });
    expect(await w.run(w.store.blame(ledger, "1", "/log"))).toMatchObject({ version: 1, author: "me", time: 1_000 });
    expect(await failure(w.run(w.store.blame(ledger, "1", "/nothing")))).toMatchObject({ code: "no-such-path" });
    expect(await failure(w.run(w.store.blame(ledger, "2", "/total")))).toMatchObject({ code: "no-such-version" });
  });

  it("reverts by one more version, which says to what", async () => {
    const w = world(where);
    await fill(w, [1, 2, 3]);
    const reverted = await w.run(w.store.revert(ledger, "1", 1));
    expect(reverted).toMatchObject({
      version: 4,
      parent: 3,
      state: { total: 1 },
      author: "me",
      cause: "revert ledger/1@1",
    });
    expect(isDeeplyFrozen(reverted)).toBe(true);
    expect(w.store.token).toBeGreaterThanOrEqual(reverted.position);
    expect((await w.run(w.store.history(ledger, "1"))).map(({ state }) => state.total)).toEqual([1, 2, 3, 1]);
    expect(await w.run(w.store.revert(ledger, "1", 4))).toMatchObject({ version: 5, state: { total: 1 } });
    expect(await failure(w.run(w.store.revert(ledger, "1", 9)))).toMatchObject({ code: "no-such-version" });
  });

  it("reverts only over the version that is expected, if one is (invariant 3)", async () => {
    const w = world(where);
    await fill(w, [1, 2, 3]);
    const error = await failure(w.run(w.store.revert(ledger, "1", 1, { expectedVersion: 2 })));
    expect(isConflictError(error)).toBe(true);
    expect(error).toMatchObject({ details: { base: 2, mine: { total: 1 }, theirs: { version: 3 } } });
    expect(await w.run(w.store.revert(ledger, "1", 1, { expectedVersion: 3 }))).toMatchObject({ version: 4 });
  });

  it("doesn't revert or fork to what the schema has come to refuse", async () => {
    const w = world(where);
    await w.run(w.store.put(profile, "1", anna));
    await w.run(w.store.put(profile, "1", { ...anna, age: 3 }));
    const stricter = { ...profile, schema: { ...ledger.schema } as never };
    expect(await failure(w.run(w.store.revert(stricter, "1", 1)))).toMatchObject({ code: "invalid-state" });
    expect(await failure(w.run(w.store.fork(stricter, "1", 1, "2")))).toMatchObject({ code: "invalid-state" });
    expect(await w.run(w.store.ids(profile))).toEqual(["1"]);
  });

  it("forks into a key of the family, which goes its own way", async () => {
    const w = world(where);
    await fill(w, [1, 2, 3]);
    const forked = await w.run(w.store.fork(ledger, "1", 2, "what-if"));
    expect(forked).toMatchObject({
      key: "ledger/what-if",
      version: 1,
      parent: 0,
      state: { total: 2 },
      author: "me",
      cause: "fork ledger/1@2",
    });
    await w.run(w.store.commit(ledger, "what-if", (draft) => void (draft.total = 9)));
    expect(await w.run(w.store.read(ledger, "1"))).toMatchObject({ total: 3 });
    expect(await failure(w.run(w.store.fork(ledger, "1", 1, "what-if")))).toMatchObject({
      code: "key-exists",
      message: expect.stringContaining("ledger/what-if is there already, up to version 2."),
      details: { key: "ledger/what-if", newest: 2 },
    });
    expect(await failure(w.run(w.store.fork(ledger, "1", 4, "other")))).toMatchObject({ code: "no-such-version" });
  });

  it("tells the size of a key", async () => {
    const w = world(where);
    await fill(w, [1]);
    const small = await w.run(w.store.size(ledger, "1"));
    await fill(w, [2]);
    expect(small).toBeGreaterThan(0);
    expect(await w.run(w.store.size(ledger, "1"))).toBeGreaterThan(small);
    expect(await w.run(w.store.size(ledger, "2"))).toBe(0);
  });
});
