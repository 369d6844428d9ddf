/**
 * Invariants 3, 4, 6, 11 and 12 where another process takes the journal over: what was acknowledged is there, what was refused is not,
 * each call is answered, and none is told of a state that the new owner has changed. See `durability.test.ts` and `recovery.test.ts`
 * for 5, and for runs.
 */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isAskError, isTroupeError, type System } from "../../src/index.ts";
import type { World } from "../../src/testing/index.ts";
import { author, librarian, logbook } from "./logbooks.ts";
import { holdsInWorld, isFoundBrokenInWorld, type SimulatedOptions, takenOver, type WorldScenario } from "./worlds.ts";

/** How an entry is written: straight into the store, with another logbook in a transaction, or by a durable actor. */
type Way = "commit" | "transact" | "ask";

/** What each writer writes, one entry after another. */
type Work = readonly (readonly Way[])[];

const work: fc.Arbitrary<Work> = fc.array(
  fc.array(fc.constantFrom<Way>("commit", "transact", "ask"), { minLength: 1, maxLength: 8 }),
  { minLength: 1, maxLength: 4 },
);

/** Nothing is parted: a thread hears of the loss before another process is the owner. */
const options: SimulatedOptions = {
  ...takenOver,
  faults: { ...takenOver.faults, ownershipLoss: 0.05, partition: 0, maxDelay: 4 },
};

type Outcome = "unanswered" | "acknowledged" | "refused" | "unknown";

/** What becomes of entries, for those who watch from outside of the processes. */
class Entries {
  readonly outcomes = new Map<string, Outcome>();
  /** In the order of their acknowledgements, by logbook. */
  readonly acknowledged = new Map<string, string[]>();

  async write(system: System, way: Way, entry: string): Promise<void> {
    const ids = way === "transact" ? ["shared", "other"] : way === "commit" ? ["shared"] : ["author"];
    this.outcomes.set(entry, "unanswered");
    try {
      await written(system, way, entry);
      this.outcomes.set(entry, "acknowledged");
      for (const id of ids) this.acknowledged.set(id, [...(this.acknowledged.get(id) ?? []), entry]);
    } catch (error) {
      this.outcomes.set(entry, outcomeOf(error));
    }
  }

  of(outcome: Outcome): readonly string[] {
    return [...this.outcomes].filter(([, own]) => own === outcome).map(([entry]) => entry);
  }
}

async function written(system: System, way: Way, entry: string): Promise<unknown> {
  const add = (draft: { entries: string[] }): void => void draft.entries.push(entry);
  if (way === "commit") return system.store.commit(logbook, "shared", add, { maxRetries: 100 });
  if (way === "transact") {
    const keys = [
      [logbook, "shared"],
      [logbook, "other"],
    ] as const;
    return system.store.transact(keys, (drafts) => drafts.forEach(add), { maxRetries: 100 });
  }
  const ref = await system.find(author, "author");
  return ref.ask("write", { entry }, { timeout: 60_000 });
}

/** What the writer of an entry may conclude. */
function outcomeOf(error: unknown): Outcome {
  if (isAskError(error)) return error.mayHaveRun ? "unknown" : "refused";
  return isTroupeError(error, "ownership-lost") || isTroupeError(error, "system-closed") ? "refused" : "unknown";
}

/** Each entry is tried once, in whichever process there is then; the next one is written by the next. */
async function writeAll(world: World, given: Work, entries: Entries): Promise<void> {
  await Promise.all(
    given.map(async (ways, writer) => {
      for (const [n, way] of ways.entries()) {
        const entry = `${writer}/${n}`;
        await world.survive(async ({ system }) => {
          if (!entries.outcomes.has(entry)) await entries.write(system, way, entry);
        });
      }
    }),
  );
}

/** Reads on and on, also in processes that have lost the journal: until they say so. */
async function readOn(world: World, entries: Entries, stale: string[], isOver: () => boolean): Promise<void> {
  await world.survive(async ({ system, sleep }) => {
    const ref = await system.find(librarian, "librarian");
    while (!isOver()) {
      await sleep(5);
      for (const id of ["shared", "author"]) {
        const due = [...(entries.acknowledged.get(id) ?? [])];
        const read = await ref.ask("read", { id }, { timeout: 60_000 });
        stale.push(...due.filter((entry) => !read.includes(entry)));
      }
    }
  });
}

const outcomesAreRight: WorldScenario<Work> = async (world, given) => {
  const entries = new Entries();
  const stale: string[] = [];
  let isOver = false;
  world.always("no read is stale", () => quickly(stale));
  const reading = readOn(world, entries, stale, () => isOver);
  reading.catch(() => undefined); // awaited below, if the writers come to their end
  await writeAll(world, given, entries);
  isOver = true;
  await reading;
  await world.sleep(1_000);
  expect(entries.of("unanswered")).toEqual([]);
  const [shared, other, own] = await world.survive(({ system: { store } }) =>
    Promise.all(["shared", "other", "author"].map(async (id) => (await store.read(logbook, id)).entries)),
  );
  const all = [...(shared ?? []), ...(own ?? [])];
  expect(new Set(all).size).toBe(all.length);
  expect(all).toEqual(expect.arrayContaining([...entries.of("acknowledged")]));
  expect(all.filter((entry) => entries.outcomes.get(entry) === "refused")).toEqual([]);
  expect(other).toEqual((shared ?? []).filter((entry) => isTransacted(given, entry)));
};

function isTransacted(given: Work, entry: string): boolean {
  const [writer, n] = entry.split("/").map(Number);
  return given[writer as number]?.[n as number] === "transact";
}

/** @throws where a read was stale */
function quickly(stale: readonly string[]): void {
  if (stale.length > 0) throw new Error(`a read had no ${stale.join(", ")}`);
}

const withActors: SimulatedOptions["system"] = {
  threads: 2,
  async setup(system) {
    await system.spawn(author, { name: "author", placement: { thread: 1 } });
    await system.spawn(librarian, { name: "librarian", placement: { thread: 2 } });
  },
};

describe("where another process takes the journal over", () => {
  const given = { ...options, system: withActors };

  it("what was acknowledged is there and what was refused is not, no read is stale, and each call is answered", () =>
    holdsInWorld(work, outcomesAreRight, given));

  it("is not so without the fence: what an owner of before had sent is kept", async () => {
    expect(await isFoundBrokenInWorld(work, outcomesAreRight, { ...given, omitted: "the fence", seed: 12 })).toMatch(
      /expected|Defect|ahead of the store/,
    );
  });

  it("is not so where what was sent is taken for kept, when the connection breaks", async () => {
    expect(await isFoundBrokenInWorld(work, outcomesAreRight, { ...given, omitted: "finding out" })).toMatch(
      /expected|a read had no/,
    );
  });

  it("is not so without a watchdog: threads read what they have in memory, and calls wait forever", async () => {
    const failure = await isFoundBrokenInWorld(work, outcomesAreRight, { ...given, omitted: "the watchdog" });
    expect(failure).toMatch(/a read had no|unanswered|expected/);
  });
});
