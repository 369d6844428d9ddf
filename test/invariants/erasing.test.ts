/** Invariants 3 and 4 where keys are erased while they are committed to. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { System } from "../../src/index.ts";
import { adder, tally } from "../fixtures/actors.ts";
import { asStoreMessage, mapFrames } from "./wire.ts";
import { holdsOnThreads, holdsSimulated, isFoundBroken } from "./worlds.ts";

interface Load {
  /** For each actor, how often it adds, one after another. */
  readonly actors: readonly number[];
  /** How often the key is erased meanwhile; before each time, so many actors are asked to read it. */
  readonly erasures: readonly number[];
}

const load: fc.Arbitrary<Load> = fc.record({
  actors: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 3 }),
  erasures: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 3 }),
});

interface Added {
  readonly version: number;
  readonly by: number;
  readonly n: number;
}

/** Actors on two threads add to a key, which is erased again and again, and read right after each time. */
async function nothingComesBack(system: System, { actors, erasures }: Load, scope: string): Promise<void> {
  const key = `${scope}-a`;
  await system.store.put(tally, key, { n: 0 });
  const refs = await Promise.all(actors.map((_, i) => system.spawn(adder, { placement: { thread: (i % 2) + 1 } })));
  let additions = 0;
  const adding = refs.map(async (ref, i) => {
    const added: Added[] = [];
    for (let left = actors[i] ?? 0; left > 0; left--) {
      const by = 2 ** additions++; // each sum says which of them are in it
      const outcome = await ref.ask("add", { key, by });
      added.push({ ...outcome, by });
    }
    return added;
  });
  const tombstones: number[] = [];
  const reads: { readonly after: number; readonly n: number }[] = [];
  const erasing = async (): Promise<void> => {
    for (const readers of erasures) {
      await Promise.all(refs.slice(0, readers).map((ref) => ref.ask("read", { key })));
      const { tombstone } = await system.store.erase(tally, key, { reason: "asked for" });
      tombstones.push(tombstone.version);
      const after = refs.map(async (ref) => ({ after: tombstone.version, n: (await ref.ask("read", { key })).n }));
      reads.push(...(await Promise.all(after)));
    }
  };
  const [results] = await Promise.all([Promise.all(adding), erasing()]);
  const added = results.flat().toSorted((x, y) => x.version - y.version);

  // each acknowledged addition is one version, and so is each tombstone: 2, 3, 4 … after the put, without a gap
  const versions = [...new Set([...added.map(({ version }) => version), ...tombstones])].toSorted((a, b) => a - b);
  expect(versions).toEqual(versions.map((_, i) => i + 2));
  expect(versions).toHaveLength(added.length + new Set(tombstones).size);

  // each was computed from the one before, and after a tombstone from nothing
  const sums = new Map<number, number>();
  let n = 0;
  for (const version of versions) {
    const addition = added.find((one) => one.version === version);
    n = addition === undefined ? 0 : n + addition.by;
    sums.set(version, n);
    if (addition !== undefined) expect(addition.n).toBe(n);
  }

  // who handles a message of the one who erased reads nothing that was erased
  for (const read of reads) {
    const later = versions.filter((version) => version >= read.after).map((version) => sums.get(version));
    expect(later).toContain(read.n);
  }

  const last = Math.max(...tombstones);
  const history = await system.store.history(tally, key);
  expect(history.map(({ version }) => version)).toEqual(versions.filter((version) => version >= last));
  expect(history.map(({ state }) => state.n)).toEqual(history.map(({ version }) => sums.get(version)));
  expect(history[0]?.erased).toEqual({ reason: "asked for" });
}

const lag = { delay: 0.5, maxDelay: 50, duplicate: 0.1 };

describe("a key that is erased while it is committed to loses no commit, and nothing of it comes back", () => {
  it("holds on the simulator, with replicas lagging", () => holdsSimulated(load, nothingComesBack, { faults: lag }));

  it("holds on the simulator with a journal on disk", () =>
    holdsSimulated(load, nothingComesBack, { faults: lag, journal: "durable" }));

  it("holds on real threads", () => holdsOnThreads(load, nothingComesBack));

  it("does not hold when threads don't hear of tombstones", async () => {
    const failure = await isFoundBroken(load, nothingComesBack, {
      faults: lag,
      // they get the version, and keep the state
      tamper: () => (batch) =>
        mapFrames(batch, (frame) => {
          const { updates } = (asStoreMessage(frame)?.message ?? {}) as {
            updates?: { meta: { erased?: unknown }; patches: unknown[] }[];
          };
          for (const update of updates ?? []) {
            if (update.meta.erased === undefined) continue;
            delete update.meta.erased;
            update.patches.length = 0;
          }
          return frame;
        }),
    });
    expect(failure).toMatch(/expected|doesn't fit/i);
  });
});
