/** Invariant 8: determinism. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SimulateOptions } from "../../src/testing/index.ts";
import type { Scenario } from "../../src/testing/index.ts";
import type { RunOutcome } from "../../src/testing/simulator/schedules/run-outcome.ts";
import { simulateOnce } from "../../src/testing/simulator/simulate.ts";
import { adder, tally, writer } from "../fixtures/actors.ts";
import { crashes } from "./worlds.ts";
import { schedules } from "../schedules.ts";
import { book, fulfilment } from "./workflows.ts";

/** A bit of everything: actors that race for keys, workflows, a switch, time, chance, a thread that may die, crashes. */
const everything =
  (keep: (history: string) => void): Scenario =>
  async ({ survive }) => {
    let lives = 0;
    await survive(async ({ system, random, sleep }) => {
      lives++;
      await system.switchCoordination(random() < 0.5 ? "relay" : "orchestrator");
      const runs = ["one", "two"].map((order) =>
        system.run(
          fulfilment,
          { order, amount: 2, pauses: { stock: random() * 3 } },
          { id: `${order} of life ${lives}` },
        ),
      );
      const reader = await system.spawn(adder).catch(() => undefined);
      const ref = await system.spawn(writer).catch(() => undefined);
      if (reader !== undefined && ref !== undefined) {
        await Promise.allSettled([1, 2, 3].map((by) => ref.ask("write", { key: "k", by, reader })));
      }
      await sleep(random() * 5);
      await system.switchCoordination("relay");
      const ends = await Promise.allSettled(runs.map((run) => run.result));
      const histories = await Promise.all(runs.map((run) => run.history()));
      const versions = await system.store.history(tally, "k");
      const books = await Promise.all(["one", "two"].map((order) => system.store.history(book, order)));
      keep(JSON.stringify({ lives, ends: ends.map(({ status }) => status), histories, versions, books }));
    });
  };

const death = { threadDeath: 0.005 };

describe("invariant 8: same seed, same program, same schedule, same history; another seed, another schedule", () => {
  it.each<[string, SimulateOptions]>([
    ["", { faults: death }],
    [", crashes of the process included", { journal: "durable", faults: { ...death, ...crashes } }],
  ])("holds byte for byte%s", async (_what, options) => {
    const seeds = new Set<number>();
    const different = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 - 1 }), async (seed) => {
        const histories: string[] = [];
        const runs: RunOutcome[] = [];
        for (let i = 0; i < 2; i++) {
          const scenario = everything((history) => histories.push(history));
          runs.push(await simulateOnce(scenario, seed, options));
        }
        seeds.add(seed);
        different.add(runs[0]?.schedule ?? "");
        expect(runs[1]?.schedule).toBe(runs[0]?.schedule);
        expect(runs[1]?.trace).toEqual(runs[0]?.trace);
        expect(histories).toHaveLength(2);
        expect(histories[1]).toBe(histories[0]);
      }),
      { numRuns: Math.ceil(schedules / 2) }, // two schedules each
    );
    expect(different.size).toBe(seeds.size);
  });
});
