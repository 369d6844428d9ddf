/** Retention: what goes, what has to stay, and that nothing that stays reads differently. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AuthorityAccess } from "../../../src/store/authority/authority-access.ts";
import { runCause } from "../../../src/store/versions/cause.ts";
import type { Journal } from "../../../src/store/journal/journal.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import { OwnedStore } from "../../../src/store/owned-store.ts";
import type { Keep, RetentionRule } from "../../../src/store/retention/retention.ts";
import type { Snapshot } from "../../../src/store/versions/snapshot.ts";
import { StoreAuthority } from "../../../src/store/authority/store-authority.ts";
import { StoreClient } from "../../../src/store/client/store-client.ts";
import { ledger } from "../support/definitions.ts";
import { failure } from "../support/failure.ts";
import { fixedClock } from "../support/fixed-clock.ts";
import { SlowJournal } from "../support/slow-journal.ts";
import { settleAll } from "../support/turns.ts";

class Kept {
  readonly clock = fixedClock();
  readonly journal: Journal;
  readonly authority: StoreAuthority;
  readonly store: OwnedStore;
  readonly open = new Set<string>();
  readonly failures: unknown[] = [];

  constructor(keep: Keep | readonly RetentionRule[], journal: Journal = memoryJournal()) {
    this.journal = journal;
    const rules = typeof keep === "string" || !("length" in keep) ? [{ keys: "ledger/*", keep }] : keep;
    this.authority = new StoreAuthority({
      journal,
      clock: this.clock,
      retention: {
        rules,
        isOpen: (key) => this.open.has(key),
        onFailure: (key, error) => this.failures.push([key, error]),
      },
    });
    this.store = new OwnedStore(this.authority, { author: "me", remembersReads: false });
  }

  async commit(count: number, id = "1", run?: string): Promise<void> {
    const access = new AuthorityAccess(this.authority);
    const client = new StoreClient(access, { author: "me", ...(run === undefined ? {} : { cause: runCause(run) }) });
    for (let n = 0; n < count; n++) {
      this.clock.time += 1;
      await client.commit(ledger, id, (draft) => void draft.total++);
    }
  }

  async versions(id = "1"): Promise<readonly number[]> {
    await settleAll();
    return (await this.store.history(ledger, id)).map(({ version }) => version);
  }

  async oldest(id = "1"): Promise<number | undefined> {
    return (await this.versions(id))[0];
  }
}

describe("retention", () => {
  it("keeps everything by default, also when compacted", async () => {
    const kept = new Kept([]);
    await kept.commit(100);
    await kept.store.compact();
    expect(await kept.versions()).toHaveLength(100);
  });

  it("keeps the last n when compacted", async () => {
    const kept = new Kept({ last: 3 });
    await kept.commit(10);
    await kept.store.compact();
    expect(await kept.versions()).toEqual([8, 9, 10]);
  });

  it("drops as commits are made, now and then: never below n, never far above", async () => {
    const kept = new Kept({ last: 40 });
    for (let n = 1; n <= 300; n++) {
      await kept.commit(1);
      const { length } = await kept.versions();
      expect(length).toBeGreaterThanOrEqual(Math.min(n, 40));
      expect(length).toBeLessThanOrEqual(40 + 16);
    }
    expect(kept.failures).toEqual([]);
  });

  it("keeps what was the newest at some time within the age, so that every such time can be asked for", async () => {
    const kept = new Kept({ age: 50 });
    await kept.commit(100); // at 1001 to 1100
    kept.clock.time = 1_120;
    await kept.store.compact();
    expect(await kept.oldest()).toBe(70);
    expect((await kept.store.at(ledger, "1", { time: 1_070 })).version).toBe(70);
    kept.clock.time = 9_999;
    await kept.store.compact();
    expect(await kept.versions()).toEqual([100]);
    await kept.commit(64);
    expect(await kept.oldest(), "the 128th version was the occasion").toBeGreaterThan(70);
  });

  it("touches only keys that a rule is for", async () => {
    const kept = new Kept([{ keys: "ledger/small", keep: { last: 1 } }]);
    await kept.commit(20, "small");
    await kept.commit(20, "other");
    await kept.store.compact();
    expect(await kept.versions("small")).toEqual([20]);
    expect(await kept.versions("other")).toHaveLength(20);
  });

  it("says which versions are kept when asked for one that was dropped", async () => {
    const kept = new Kept({ last: 3 });
    await kept.commit(10);
    await kept.store.compact();
    const dropped =
      "ledger/1 has versions 8 to 10, and none 7 any more: retention dropped what is older. Ask for one of those.";
    const details = { key: "ledger/1", version: 7, oldest: 8, newest: 10 };
    expect(await failure(kept.store.at(ledger, "1", 7))).toMatchObject({
      code: "no-such-version",
      message: dropped,
      details,
    });
    for (const range of [{ from: 7 }, { to: 6 }, { to: 0 }, { from: 7, to: 9, order: "newest-first" as const }]) {
      const bound = range.from ?? range.to;
      expect(await failure(kept.store.history(ledger, "1", range)), JSON.stringify(range)).toMatchObject({
        details: { ...details, version: bound },
      });
    }
    expect(await failure(kept.store.diff(ledger, "1", 7, 9))).toMatchObject({ details });
    expect(await failure(kept.store.revert(ledger, "1", 7))).toMatchObject({ details });
    expect(await failure(kept.store.bisect(ledger, "1", () => true, { from: 7 }))).toMatchObject({ details });
    expect(await failure(kept.store.at(ledger, "1", 11))).toMatchObject({
      message: "ledger/1 has versions 8 to 10, and none 11. Ask for one of those.",
    });
    expect(await failure(kept.store.at(ledger, "1", { time: 1_002 }))).toMatchObject({
      message: expect.stringContaining("at 1970-01-01T00:00:01.002Z any more: retention dropped what is older"),
    });
    expect(await kept.versions()).toEqual([8, 9, 10]);
    expect(await kept.store.bisect(ledger, "1", () => true)).toMatchObject({ version: 8 });
    expect(await kept.store.blame(ledger, "1", "/log")).toMatchObject({ version: 8, exact: false });
  });

  it("keeps what was forked for as long as the fork has its beginning, also when opened anew", async () => {
    const kept = new Kept([
      { keys: "ledger/1", keep: { last: 2 } },
      { keys: "ledger/f*", keep: { last: 2 } },
    ]);
    await kept.commit(10);
    await kept.store.fork(ledger, "1", 4, "f1");
    await kept.store.fork(ledger, "1", 6, "f2");
    await kept.store.compact();
    expect(await kept.oldest()).toBe(4);
    const again = new Kept(
      [
        { keys: "ledger/1", keep: { last: 2 } },
        { keys: "ledger/f*", keep: { last: 2 } },
      ],
      kept.journal,
    );
    await again.store.compact();
    expect(await again.oldest()).toBe(4);
    await again.commit(5, "f1"); // its first version goes
    await again.store.compact();
    await again.store.compact();
    expect(await again.oldest("f1")).toBe(5);
    expect(await again.oldest()).toBe(6);
  });

  it("keeps the history of what is open, what was committed for it, and the version before that", async () => {
    const kept = new Kept([{ keys: "*", keep: { last: 1 } }]);
    await kept.commit(5);
    await kept.commit(2, "1", "r");
    await kept.commit(5);
    await kept.commit(4, "open");
    kept.open.add("run/r").add("ledger/open");
    await kept.store.compact();
    expect(await kept.oldest()).toBe(5);
    expect(await kept.oldest("open")).toBe(1);
    kept.open.clear();
    await kept.store.compact();
    expect(await kept.versions()).toEqual([12]);
    expect(await kept.versions("open")).toEqual([4]);
  });

  it("keeps the version before the first that is kept anyway when something open made that one", async () => {
    const kept = new Kept({ last: 1 });
    await kept.commit(5);
    await kept.commit(1, "1", "r");
    kept.open.add("run/r");
    await kept.store.compact();
    expect(await kept.versions()).toEqual([5, 6]);
  });

  it("keeps a retried commit of an open run from happening twice (invariant 5)", async () => {
    const kept = new Kept({ last: 1 });
    const options = { author: "step", cause: runCause("r"), scope: "r/step" };
    const attempt = () =>
      new StoreClient(new AuthorityAccess(kept.authority), options).commit(ledger, "1", (draft) => void draft.total++);
    kept.open.add("run/r");
    const first = await attempt();
    await kept.commit(50);
    await kept.store.compact();
    expect(await attempt()).toEqual(first);
  });

  it("never keeps a commit from landing: what fails is told, and tried again", async () => {
    const journal = memoryJournal();
    const { trim } = journal;
    const broken = new Error("the disk is slow today");
    journal.trim = () => Promise.reject(broken);
    const kept = new Kept({ last: 1 }, journal);
    await kept.commit(40);
    expect(await kept.versions()).toHaveLength(40);
    expect(kept.failures).toEqual([
      ["ledger/1", broken],
      ["ledger/1", broken],
    ]);
    expect(await failure(kept.store.compact())).toBe(broken);
    journal.trim = trim;
    await kept.commit(8);
    expect(await kept.versions()).toEqual([48]);
  });

  it("works with a journal that takes its time, and is waited for on close", async () => {
    const inner = memoryJournal();
    const slow = new SlowJournal({ slowReads: true, inner });
    const kept = new Kept({ last: 2 }, slow);
    const pump = async (work: Promise<unknown>): Promise<void> => {
      const waiting = new Set([work]);
      void work.then(() => waiting.delete(work));
      while (waiting.size > 0) {
        slow.flush();
        slow.answerReads();
        await settleAll();
      }
    };
    await pump(kept.commit(32));
    await pump(kept.authority.close());
    expect(inner.oldest("ledger/1")).toBe(31);
  });
});

/** Things that happen to a store with retention; numbers pick keys, versions and runs among those there are. */
const happenings = fc.array(
  fc.oneof(
    fc.record({
      what: fc.constant("commit" as const),
      key: fc.nat(2),
      count: fc.integer({ min: 1, max: 20 }),
      run: fc.option(fc.nat(2)),
    }),
    fc.record({ what: fc.constant("wait" as const), ms: fc.nat(30) }),
    fc.record({ what: fc.constant("compact" as const) }),
    fc.record({ what: fc.constant("fork" as const), key: fc.nat(2), version: fc.nat(99) }),
    fc.record({ what: fc.constant("open" as const), run: fc.nat(2), isOpen: fc.boolean() }),
  ),
  { maxLength: 30 },
);

type Happenings = typeof happenings extends fc.Arbitrary<infer H> ? H : never;

const keeps = fc.oneof(
  fc.record({ last: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ age: fc.nat(60) }),
  fc.constant("all" as const),
);

interface Forked {
  readonly key: number;
  readonly version: number;
}

/** Plays what happens, and checks after each that what the store says is what was committed. */
async function play(keep: Keep, happened: Happenings): Promise<void> {
  const kept = new Kept(keep);
  const model: Snapshot[][] = [[], [], []];
  const forks: Forked[] = [];
  for (const one of happened) {
    if (one.what === "commit") {
      for (let n = 0; n < one.count; n++) {
        await kept.commit(1, String(one.key), one.run === null ? undefined : String(one.run));
        model[one.key]!.push((await kept.store.snapshot(ledger, String(one.key)))!);
      }
    } else if (one.what === "wait") kept.clock.time += one.ms;
    else if (one.what === "compact") await kept.store.compact();
    else if (one.what === "open") kept.open[one.isOpen ? "add" : "delete"](`run/${one.run}`);
    else {
      const versions = await kept.versions(String(one.key));
      const version = versions[one.version % Math.max(1, versions.length)];
      if (version === undefined) continue;
      await kept.store.fork(ledger, String(one.key), version, `fork-${forks.length}`);
      forks.push({ key: one.key, version });
    }
    await settleAll(); // versions may be going
    for (const [key, all] of model.entries()) {
      if (all.length === 0) continue;
      const history = await kept.store.history(ledger, String(key));
      const oldest = history[0]!.version;
      // what is kept is the newest versions without a gap, as they were committed
      expect(history).toEqual(all.slice(oldest - 1));
      for (const { version, time } of history) {
        expect(await kept.store.at(ledger, String(key), version)).toEqual(all[version - 1]);
        const then = all.findLast((other) => other.time <= time)!;
        expect(await kept.store.at(ledger, String(key), { time })).toEqual(then);
      }
      if (oldest > 1)
        expect(await failure(kept.store.at(ledger, String(key), oldest - 1))).toMatchObject({ details: { oldest } });
      // and nothing that is needed is gone
      for (const fork of forks) if (fork.key === key) expect(oldest).toBeLessThanOrEqual(fork.version);
      if (keep === "all") expect(oldest).toBe(1);
      else if ("last" in keep) expect(history.length).toBeGreaterThanOrEqual(Math.min(keep.last, all.length));
      else {
        const atStart = all.findLast(({ time }) => time <= kept.clock.time - keep.age) ?? all[0]!;
        expect(oldest).toBeLessThanOrEqual(atStart.version);
      }
    }
  }
  expect(kept.failures).toEqual([]);
}

describe("whatever is committed, forked, opened and compacted", () => {
  it("nothing that is kept reads differently, and nothing that is needed goes", async () => {
    await fc.assert(
      fc.asyncProperty(keeps, happenings, (keep, happened) => play(keep, happened)),
      { numRuns: 300 },
    );
  });

  it("an open run finds again what it committed", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.nat(2)), { minLength: 1, maxLength: 12 }),
        async (last, batches) => {
          const kept = new Kept({ last });
          for (const run of [0, 1, 2]) kept.open.add(`run/${run}`);
          await kept.commit(5);
          const made: [number, number][] = [];
          for (const [others, run] of batches) {
            await kept.commit(1, "1", String(run));
            made.push([run, (await kept.store.snapshot(ledger, "1"))!.version]);
            await kept.commit(others);
            await kept.store.compact();
            for (const [, version] of made) {
              expect(await kept.store.at(ledger, "1", version)).toMatchObject({ version });
              if (version > 1)
                expect(await kept.store.at(ledger, "1", version - 1)).toMatchObject({ version: version - 1 });
            }
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});
