/** The simulator finds each race soon, under the strategies that it has, and nothing where there is none. */

import { describe, expect, it } from "vitest";
import { isTroupeError } from "../../src/index.ts";
import { simulate, type SimulateOptions, type Scenario } from "../../src/testing/index.ts";
import { strategyNames } from "../../src/testing/simulator/schedules/strategy.ts";
import { races } from "./scenarios.ts";

const seeds = Array.from({ length: 7 }, (_, n) => 1 + n * 1_000_003);

/** The median over seeds of how many schedules are tried until one fails. */
async function toTheFirst(scenario: Scenario, options: SimulateOptions, cap: number): Promise<number> {
  const counts: number[] = [];
  for (const seed of seeds) {
    try {
      await simulate(scenario, { ...options, seed, runs: cap, shrink: false });
      counts.push(cap + 1);
    } catch (error) {
      if (!isTroupeError(error, "simulation-failed")) throw error;
      counts.push((error.details as { seed: number }).seed - seed + 1);
    }
  }
  return counts.sort((a, b) => a - b)[Math.floor(seeds.length / 2)] as number;
}

const atMost: Readonly<Record<string, number>> = {
  "lost update": 5,
  "torn read beside an idle actor": 100,
  "one message after 25 others": 30,
  "eight alternations by messages": 50,
  "five philosophers": 10,
};

describe.each(races)("$name", ({ name, buggy, fixed }) => {
  it("is found by the portfolio", async () => {
    const cap = atMost[name] as number;
    expect(await toTheFirst(buggy, {}, cap)).toBeLessThanOrEqual(cap);
  });

  it.runIf(fixed !== undefined)("is not found where it is mended, under any strategy", async () => {
    for (const strategy of strategyNames) {
      const { runs } = await simulate(fixed as Scenario, { strategy, seed: 1, runs: 60 });
      expect(runs).toBe(60);
    }
  });
});

describe("a race that shows only between threads", () => {
  const torn = races[1]?.buggy as Scenario;

  it("is not found where placement never varies", async () => {
    const { runs } = await simulate(torn, { placement: "spread", seed: 1, runs: 300 });
    expect(runs).toBe(300);
  });
});

describe("an order that link faults hide", () => {
  const alternating = races[3]?.buggy as Scenario;
  const apart = { placement: "spread", strategy: "random" } as const;

  it("takes many more schedules where they are always on", async () => {
    const always = await toTheFirst(alternating, { ...apart, faults: { swarm: false } }, 100);
    expect(await toTheFirst(alternating, apart, 100)).toBeLessThan(always / 2);
  });
});
