/** Invariant 11 of the simulator's durable journal: what it acknowledged, it keeps, and of the rest no more than a beginning. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Journal } from "../../../../src/store/journal/journal.ts";
import { ChoicesOfRun } from "../../../../src/testing/simulator/schedules/choices.ts";
import { LinkFaults } from "../../../../src/testing/simulator/faults/link-faults.ts";
import { strategyOf } from "../../../../src/testing/simulator/schedules/strategy.ts";
import { Scheduler, type Steps } from "../../../../src/testing/simulator/schedules/scheduler.ts";
import { type SeededRandom, seededRandom } from "../../../../src/testing/simulator/schedules/seeded-random.ts";
import {
  DurableJournal,
  onlyJournal,
  volatileJournals,
} from "../../../../src/testing/simulator/world/simulated-journal.ts";
import { memoryJournal } from "../../../../src/store/journal/memory-journal.ts";
import { testJournalContract } from "../../../store/support/journal-contract.ts";
import { recordOf } from "../../../store/support/requests.ts";

const faults = { delay: 0.5, maxDelay: 10, duplicate: 0 };

function durable(random: SeededRandom, given = faults): DurableJournal {
  const choices = new ChoicesOfRun();
  return new DurableJournal({
    choices,
    random,
    faults: new LinkFaults(choices, random, { ...given, partition: 0, maxPartition: 0 }),
  });
}

/** Takes each step in a turn of its own, at once. */
const eager: Steps = {
  now: 0,
  lane: () => ({
    add(_delay, run) {
      void Promise.resolve().then(run);
      return () => undefined;
    },
    drain: () => undefined,
  }),
  atEndOfTurn: (task) => task(),
};

const reopened = new WeakMap<Journal, DurableJournal>();
function openAgain(source: DurableJournal): Journal {
  const journal = source.open({ steps: eager, isAlive: true });
  reopened.set(journal, source);
  return journal;
}

testJournalContract(
  () => openAgain(durable(seededRandom(1))),
  (journal) => openAgain(reopened.get(journal)!),
);

/** A process that lives until told otherwise, on a scheduler that goes on for a number of steps. */
function processOn(random: SeededRandom): {
  readonly process: { readonly steps: Steps; isAlive: boolean };
  go(steps: number): Promise<void>;
} {
  let left = 0;
  const scheduler = new Scheduler({
    choices: new ChoicesOfRun(),
    strategy: strategyOf("random", random),
    start: 0,
    maxSteps: 10_000,
    onStep: () => (left--, false),
  });
  const process = { steps: scheduler as Steps, isAlive: true };
  return {
    process,
    async go(steps) {
      left = steps;
      await scheduler.run(() => left <= 0);
    },
  };
}

interface Work {
  readonly seed: number;
  /** How many commits are asked for, and how many steps are taken then. */
  readonly bursts: readonly { readonly commits: number; readonly steps: number }[];
}

const work: fc.Arbitrary<Work> = fc.record({
  seed: fc.nat(),
  bursts: fc.array(fc.record({ commits: fc.nat(4), steps: fc.nat(6) }), { minLength: 1, maxLength: 6 }),
});

/** Two keys are written by each commit, and each commit has a position of its own. */
async function burst(source: DurableJournal, { seed, bursts }: Work): Promise<{ asked: number; told: number[] }> {
  const { process, go } = processOn(seededRandom(seed));
  const journal = source.open(process);
  const told: number[] = [];
  let asked = 0;
  for (const { commits, steps } of bursts) {
    for (let i = 0; i < commits; i++) {
      const position = ++asked;
      const records = ["a", "b"].map((key) => recordOf(key, position, position, { idempotencyKey: `k${position}` }));
      void Promise.resolve(journal.append(records)).then(() => told.push(position));
    }
    await go(steps);
  }
  source.crash();
  process.isAlive = false;
  return { asked, told };
}

describe("a durable journal of the simulator", () => {
  it("keeps what it acknowledged, a beginning of what it did not, and no commit by halves (invariant 11)", async () => {
    let lost = 0;
    let survived = 0;
    await fc.assert(
      fc.asyncProperty(work, async (given) => {
        const source = durable(seededRandom(given.seed));
        const { asked, told } = await burst(source, given);
        const next = source.open({ steps: eager, isAlive: true });
        const kept = next.position;
        expect(told).toEqual(told.map((_, i) => i + 1)); // in order
        expect(kept).toBeGreaterThanOrEqual(told.length);
        expect(kept).toBeLessThanOrEqual(asked);
        for (const key of ["a", "b"]) expect((await next.head(key))?.version ?? 0).toBe(kept);
        for (let n = 1; n <= asked; n++) expect(await next.committed(`k${n}`)).toHaveLength(n <= kept ? 2 : 0);
        lost += asked - kept;
        survived += kept - told.length;
      }),
      { numRuns: 500 },
    );
    expect(lost).toBeGreaterThan(100);
    expect(survived).toBeGreaterThan(100); // not only what was told
  });

  it("lets what comes while it writes share the next write", async () => {
    const random = seededRandom(1);
    const source = durable(random, { ...faults, delay: 0 });
    const { process, go } = processOn(random);
    const journal = source.open(process);
    void journal.append([recordOf("a", 1, 1)]);
    await go(1); // the write begins
    for (let n = 2; n <= 4; n++) void journal.append([recordOf("a", n, n)]);
    expect(journal.position).toBe(0);
    while (journal.position < 1) await go(1);
    expect(journal.position).toBe(1);
    while (journal.position < 2) await go(1);
    expect(journal.position).toBe(4);
  });

  it("tells what could not be kept, and keeps nothing of it", async () => {
    const journal = durable(seededRandom(1)).open({ steps: eager, isAlive: true });
    const [first, gap, second] = [1, 3, 2].map((n) => journal.append([recordOf("a", n, n)]));
    await first;
    await expect(gap).rejects.toThrow("version 3 of a appended after version 1");
    await second;
    expect(journal.position).toBe(2);
  });

  it("neither takes anything from a process that has crashed nor answers it", async () => {
    const source = durable(seededRandom(1));
    const process = { steps: eager, isAlive: true };
    const journal = source.open(process);
    await journal.append([recordOf("a", 1, 1)]);
    process.isAlive = false;
    const answers: unknown[] = [];
    const asked = [
      ...[journal.append([recordOf("a", 2, 2)]), journal.trim("a", 1), journal.compact(), journal.close()],
      ...[journal.head("a"), journal.at("a", 1), journal.meta("a", 1), journal.oldest("a"), journal.size("a")],
      ...[journal.records("a", 1, 1), journal.committed("k"), journal.keys("")],
    ];
    for (const answer of asked) void Promise.resolve(answer).then((value) => answers.push(value));
    await new Promise((resolve) => setImmediate(resolve));
    expect(answers).toEqual([]);
    expect(await source.open({ steps: eager, isAlive: true }).head("a")).toMatchObject({ version: 1 });
  });
});

it("in memory, each process has a journal of its own", async () => {
  const process = { steps: eager, isAlive: true };
  void (await volatileJournals.open(process)).append([recordOf("a", 1, 1)]);
  expect((await volatileJournals.open(process)).position).toBe(0);
});

it("a process with a journal from elsewhere can't crash", () => {
  const journal = memoryJournal();
  const source = onlyJournal(journal);
  expect(source.open({ steps: eager, isAlive: true })).toBe(journal);
  expect(() => source.crash()).toThrow(/system\.journal.*can't crash/);
});
