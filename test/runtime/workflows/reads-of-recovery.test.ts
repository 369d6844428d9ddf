/** How often a start reads a journal that is elsewhere: not once for each run. */

import { expect, it } from "vitest";
import type { Journal, Snapshot } from "../../../src/index.ts";
import { runState, type RunState } from "../../../src/workflows/history/run-state.ts";
import { stateKey } from "../../../src/store/versions/state-key.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import { simulateOnce } from "../../../src/testing/simulator/simulate.ts";
import { idling } from "../../fixtures/many.ts";

const reads = ["head", "peek", "heads", "at", "meta", "oldest", "records", "committed", "keys", "size"] as const;

/** A journal whose reads are counted, and take a while. */
function counting(inner: Journal): { journal: Journal; count(): number; reset(): void } {
  let count = 0;
  const journal = new Proxy(inner, {
    get(target, name) {
      const found: unknown = Reflect.get(target, name, target);
      if (!(reads as readonly unknown[]).includes(name)) return found;
      return async (...given: unknown[]) => {
        count++;
        return (found as (...args: unknown[]) => unknown)(...given);
      };
    },
  });
  return { journal, count: () => count, reset: () => void (count = 0) };
}

/** Leaves so many runs in a journal, as a process does that ends: unfinished, or ended. */
async function leave(inner: Journal, ids: readonly string[], isEnded: boolean): Promise<void> {
  const source = memoryJournal();
  await simulateOnce(
    async ({ system }) => {
      await system.run(idling, {}, { id: "model" }).result;
    },
    1,
    { system: { journal: source, runs: { keep: "all" } } },
  );
  const key = stateKey(runState, "model");
  const versions = source.records(key, 1, isEnded ? 99 : 1) as readonly { snapshot: Snapshot<RunState> }[];
  for (const id of ids) {
    for (const record of versions as unknown as Parameters<Journal["append"]>[0]) {
      const snapshot = { ...record.snapshot, key: stateKey(runState, id), position: inner.position + 1 };
      await inner.append([{ ...record, snapshot }]);
    }
  }
}

const idsOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `run-${i}`);

async function readsOfStart(inner: Journal, goOn: boolean): Promise<number> {
  const { journal, count, reset } = counting(inner);
  let started = 0;
  reset();
  await simulateOnce(
    async ({ system }) => {
      started = count();
      expect((await system.stats()).runs.inFlight > 0).toBe(goOn);
    },
    1,
    { maxSteps: 10_000_000, system: { journal, maxRuns: 10_000, runs: { keep: "all" }, workflows: [idling] } },
  );
  return started;
}

it("takes up 1,000 unfinished runs with fewer than 50 reads", async () => {
  const inner = memoryJournal();
  await leave(inner, idsOf(1_000), false);
  const taken = await readsOfStart(inner, true);
  expect(taken).toBeLessThan(50);
});

it("reads no more over runs that have ended, however many there are", async () => {
  const few = memoryJournal();
  await leave(few, idsOf(10), true);
  await readsOfStart(few, false); // notes that they have ended
  const many = memoryJournal();
  await leave(many, idsOf(2_000), true);
  await readsOfStart(many, false);
  expect(await readsOfStart(many, false)).toBe(await readsOfStart(few, false));
});
