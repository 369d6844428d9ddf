/** Time never goes back along the positions, whatever the clock does: so there is one answer to what was when. */

import fc from "fast-check";
import { expect, it } from "vitest";
import type { CommitRecord } from "../../../src/store/versions/commit.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import type { Snapshot } from "../../../src/store/versions/snapshot.ts";
import { StoreAuthority } from "../../../src/store/authority/store-authority.ts";
import { fixedClock } from "../support/fixed-clock.ts";
import { setTo, writeOf } from "../support/requests.ts";
import { SlowJournal } from "../support/slow-journal.ts";
import { settleAll } from "../support/turns.ts";

const keys = ["a/1", "b/1", "c/1"];
const step = fc.record({
  keys: fc.subarray(keys, { minLength: 1 }),
  time: fc.nat(20),
  restart: fc.boolean(),
  fail: fc.boolean(),
});

function ascends(times: readonly number[]): boolean {
  return times.every((time, i) => i === 0 || time >= (times[i - 1] as number));
}

it("stays where it is while the clock is behind, also when the store is opened anew on a clock that was set back", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.boolean(), async (steps, isSlow) => {
      const clock = fixedClock(0);
      const memory = memoryJournal();
      const journal = isSlow ? new SlowJournal({ inner: memory }) : memory;
      let authority = new StoreAuthority({ journal, clock });
      const versions = new Map<string, number>();
      const told: number[] = [];
      for (const { keys: own, time, restart, fail } of steps) {
        clock.time = time;
        if (restart) authority = new StoreAuthority({ journal, clock });
        const changes = own.map((key) => writeOf(key, versions.get(key) ?? 0, time));
        const outcome = Promise.resolve(authority.commit({ changes, author: "test" })).catch(() => undefined);
        if (isSlow) {
          (journal as SlowJournal).writeNext(fail ? new Error("disk full") : undefined);
          (journal as SlowJournal).flush();
        }
        await settleAll();
        const landed = await outcome;
        if (landed?.kind !== "committed") continue;
        for (const { key, version, time: at } of landed.snapshots) {
          versions.set(key, version);
          told.push(at);
          expect(at).toBeGreaterThanOrEqual(time);
        }
      }
      expect(ascends(told)).toBe(true);
      const all = keys.flatMap((key) =>
        (memory.records(key, 1, 99) as readonly CommitRecord[]).map((one) => one.snapshot),
      );
      const byPosition = all.toSorted((one, other) => one.position - other.position);
      expect(ascends(byPosition.map(({ time }) => time))).toBe(true);
      for (const { position, time } of all)
        expect(all.filter((other) => other.position === position).every((other) => other.time === time)).toBe(true);
    }),
  );
});

it("is not that of an imported history, but for later versions of the same key", async () => {
  const clock = fixedClock(5);
  const journal = memoryJournal();
  const authority = new StoreAuthority({ journal, clock });
  const timeOf = async (key: string, version: number): Promise<number> => {
    const outcome = await authority.commit(setTo(key, version, version));
    return outcome.kind === "committed" ? outcome.snapshots[0]!.time : Number.NaN;
  };
  await authority.adopt("a/1", [{ ...setTo("a/1", 0, 0), time: 30_000 }]);
  expect(authority.time).toBe(5);
  expect(await timeOf("b/1", 0)).toBe(5);
  expect(await timeOf("a/1", 1)).toBe(30_000);
  expect(await timeOf("b/1", 1)).toBe(30_000);
});

it("goes on from the clock in a journal with a time that is none", () => {
  const memory = memoryJournal();
  const journal = { ...memory, position: 0, time: 1e300 };
  expect(new StoreAuthority({ journal, clock: fixedClock(5) }).time).toBe(5);
});

it("is the clock's as long as that goes on", () => {
  const clock = fixedClock(5);
  const authority = new StoreAuthority({ journal: memoryJournal(), clock });
  const times = [5, 5.25, 5, 4, 9].map((time, i) => {
    clock.time = time;
    void authority.commit(setTo("a/1", i, i));
    return (authority.head("a/1") as Snapshot).time;
  });
  expect(times).toEqual([5, 5.25, 5.25, 5.25, 9]);
});
