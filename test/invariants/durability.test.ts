/**
 * Invariant 11: what was acknowledged survives a crash of the process at any point; with it 3 and 5: once, and in order. See
 * `output-commit.test.ts` for durable actors.
 */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isTroupeError, type Snapshot, type System } from "../../src/index.ts";
import { tally } from "../fixtures/actors.ts";
import { ledgerClerk } from "./actors.ts";
import { hastyJournal } from "./hasty-journal.ts";
import {
  crashes,
  holdsInWorld,
  isFoundBrokenInWorld,
  type SimulatedOptions,
  takenOver,
  type WorldScenario,
} from "./worlds.ts";

const keys = ["a", "b"] as const;

/** For each clerk, what it enters where, one after another: into one key, or into both at once. */
type Shift = readonly (readonly { readonly by: number; readonly into: readonly (typeof keys)[number][] }[])[];

const shift: fc.Arbitrary<Shift> = fc.array(
  fc.array(fc.record({ by: fc.integer({ min: 1, max: 9 }), into: fc.subarray([...keys], { minLength: 1 }) }), {
    minLength: 1,
    maxLength: 4,
  }),
  { minLength: 1, maxLength: 3 },
);

const durable: SimulatedOptions = { journal: "durable", faults: { ...crashes, threadDeath: 0.01, maxThreadDeaths: 2 } };

/** What a client outside of the process was told. */
interface Known {
  /** By entry: the versions that it is. */
  readonly acknowledged: Map<string, readonly number[]>;
  /** By key: the newest version that anybody saw. */
  readonly seen: Map<string, Snapshot<{ n: number }>>;
}

/** Clerks enter all they have to, each entry under a key of its own; who is there already begins from the start again. */
async function enterAll(system: System, given: Shift, { acknowledged, seen }: Known): Promise<void> {
  for (const key of keys) {
    expect(await system.store.at(tally, key, seen.get(key)?.version ?? 0).catch(() => undefined)).toEqual(
      seen.get(key),
    );
    system.store.watch(tally, key).subscribe((snapshot) => seen.set(key, snapshot));
  }
  await Promise.all(
    given.map(async (entries, clerk) => {
      for (const [n, { by, into }] of entries.entries()) {
        const entry = `${clerk}/${n}`;
        const versions = await insist(async () => {
          const ref = await system.spawn(ledgerClerk);
          return ref.ask("enter", { into: [...into], by, entry }, { timeout: 60_000 });
        });
        expect(versions).toEqual(acknowledged.get(entry) ?? versions);
        acknowledged.set(entry, versions);
      }
    }),
  );
}

/** Threads may die under a clerk. */
async function insist<T>(attempt: () => Promise<T>): Promise<T> {
  return attempt().catch((error: unknown) => {
    if (isTroupeError(error, "thread-died")) return insist(attempt);
    throw error;
  });
}

/** Every entry is in each of its keys once, at the version that was told, and nothing else is there. */
async function checkBooks(system: System, given: Shift, { acknowledged }: Known): Promise<void> {
  const books = new Map<string, readonly Snapshot<{ n: number }>[]>();
  for (const key of keys) {
    const versions = await system.store.history(tally, key, { order: "oldest-first" }).catch(() => []);
    expect(versions.map(({ version }) => version)).toEqual(versions.map((_, i) => i + 1));
    expect(versions.map(({ parent }) => parent)).toEqual(versions.map((_, i) => i));
    books.set(key, versions);
  }
  let entries = 0;
  for (const [clerk, all] of given.entries()) {
    for (const [n, { by, into }] of all.entries()) {
      const told = acknowledged.get(`${clerk}/${n}`) ?? [];
      expect(told).toHaveLength(into.length);
      const made = into.map((key, i) => books.get(key)?.[(told[i] ?? 0) - 1]);
      expect(new Set(made.map((snapshot) => snapshot?.position)).size).toBe(1);
      for (const [i, key] of into.entries()) {
        const before = books.get(key)?.[(told[i] ?? 0) - 2]?.state.n ?? 0;
        expect((made[i]?.state.n ?? 0) - before).toBe(by);
        entries++;
      }
    }
  }
  expect(entries).toBe([...books.values()].flat().length);
}

const nothingAcknowledgedIsLost: WorldScenario<Shift> = async (world, given) => {
  const known: Known = { acknowledged: new Map(), seen: new Map() };
  await world.survive(({ system }) => enterAll(system, given, known));
  await world.crash();
  await world.survive(({ system }) => checkBooks(system, given, known));
};

describe("invariant 11: with a durable journal, what was acknowledged survives crashes of the process", () => {
  it("holds on the simulator, at any point", () => holdsInWorld(shift, nothingAcknowledgedIsLost, durable));

  it("holds on the simulator, wherever another process takes the journal over", () =>
    holdsInWorld(shift, nothingAcknowledgedIsLost, takenOver));

  it("does not hold with a journal that acknowledges before it keeps", async () => {
    const failure = await isFoundBrokenInWorld(shift, nothingAcknowledgedIsLost, {
      ...durable,
      journals: hastyJournal,
    });
    expect(failure).toMatch(/expected/);
  });

  it("does not hold in memory", async () => {
    const failure = await isFoundBrokenInWorld(shift, nothingAcknowledgedIsLost, { ...durable, journal: "memory" });
    expect(failure).toMatch(/expected/);
  });
});
