/** Time travel and retention in a system: through `system.store`, through actors' contexts, and beside runs. */

import { describe, expect, it } from "vitest";
import { createSystem, memoryJournal, type System } from "troupe";
import { adder, tally } from "../../fixtures/actors.ts";
import { historian } from "../../fixtures/historian.ts";
import { journey, ledger } from "../../fixtures/journey.ts";
import { latch } from "../../fixtures/latch.ts";
import { patiently, record } from "../../fixtures/real-threads.ts";

const retention = [
  { keys: "tally/kept", keep: "all" },
  { keys: "*", keep: { last: 1 } },
] as const;

const versionsOf = async ({ store }: System, id: string): Promise<readonly number[]> =>
  (await store.history(ledger, id)).map(({ version }) => version);

describe("a system", () => {
  it("travels through what its actors committed, and so do they", async () => {
    await using system = await createSystem({ threads: 1 });
    const { store } = system;
    const [main, other] = [
      await system.spawn(adder, { placement: { thread: 0 } }),
      await system.spawn(adder, { placement: { thread: 1 } }),
    ];
    for (const ref of [main, other, main, other]) await ref.ask("add", { key: "k", by: 10 }, patiently);
    const [, second] = await store.history(tally, "k");
    for (const thread of [0, 1]) {
      const ref = await system.spawn(historian, { placement: { thread } });
      expect(await ref.ask("versions", { key: "k", author: other.address }, patiently)).toEqual([4, 2]);
      expect(await ref.ask("was", { key: "k", when: 3 }, patiently)).toBe(30);
      expect(await ref.ask("was", { key: "k", when: { time: second!.time } }, patiently)).toBe(20);
      expect(await ref.ask("was", { key: "k", when: 9 }, patiently)).toBe("no-such-version");
      expect(await ref.ask("was", { key: "k", when: { time: 0 } }, patiently)).toBe("no-such-version");
    }
    expect((await store.diff(tally, "k", 1, 4)).text).toBe("~ /n 10 → 40");
    expect(await store.bisect(tally, "k", ({ n }) => n > 10)).toMatchObject({ version: 2 });
    expect(await store.blame(tally, "k", "/n")).toMatchObject({ version: 4, author: other.address });
    expect(await store.revert(tally, "k", 1)).toMatchObject({ version: 5, state: { n: 10 } });
    await store.fork(tally, "k", 2, "fork");
    expect(await main.ask("add", { key: "fork", by: 1 }, patiently)).toEqual({ version: 2, n: 21 });
    expect(await store.size(tally, "k")).toBeGreaterThan(0);
  });

  it("drops what retention doesn't keep, and nothing that an open run needs (invariant 5)", async () => {
    await using system = await createSystem({ threads: 2, retention });
    const { store } = system;
    const barrier = await system.spawn(latch, { placement: { thread: 0 } });
    await store.put(ledger, "trip", { entries: ["before"] });
    await store.put(ledger, "trip", { entries: ["just before"] });
    const run = system.run(journey, { id: "trip", since: new Date(0), holdAt: "payment", latch: barrier }, { id: "r" });
    await barrier.ask("arrived", { count: 1 }, patiently);
    await store.commit(ledger, "trip", (draft) => void draft.entries.push("meanwhile"));
    await store.compact();
    // flight, hotel and payment have noted something each; the version before the first of them stays
    expect(await versionsOf(system, "trip")).toEqual([2, 3, 4, 5, 6]);
    const eventsSoFar = await run.history();
    expect(eventsSoFar[0]?.event.type).toBe("run-started");
    await barrier.ask("open", undefined, patiently);
    await run.result;
    const blamed = await store.history(ledger, "trip", { run: "r" });
    expect(blamed.map(({ version }) => version)).toEqual([3, 4, 5, 7]);
    await store.compact();
    expect(await versionsOf(system, "trip")).toEqual([7]);
    const left = await run.history();
    expect(left.at(-1)?.event.type).toBe("run-ended");
    expect(new Set(left.map(({ version }) => version)).size).toBe(1);
  });

  it("takes its first rule that matches, and tells what can't be dropped", async () => {
    const journal = memoryJournal();
    const broken = new Error("not today");
    journal.trim = () => {
      throw broken;
    };
    await using system = await createSystem({ threads: 1, retention, journal });
    const told = record(system.events$);
    for (let n = 0; n < 16; n++) {
      await system.store.put(tally, "kept", { n });
      await system.store.put(tally, "dropped", { n });
    }
    const [event] = await told.take(1, ({ type }) => type === "retention-failed");
    expect(event).toEqual({
      type: "retention-failed",
      key: "tally/dropped",
      error: broken,
      time: expect.any(Number) as number,
    });
    told.stop();
    expect(await system.store.history(tally, "dropped")).toHaveLength(16);
  });
});
