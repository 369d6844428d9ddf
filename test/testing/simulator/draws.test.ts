/** What a run draws: each part by itself, and faults anew for each run. */

import { describe, expect, it } from "vitest";
import { simulate } from "../../../src/testing/index.ts";
import { faultsOfRun, resolveFaults } from "../../../src/testing/simulator/faults/faults.ts";
import { seededRandom } from "../../../src/testing/simulator/schedules/seeded-random.ts";
import { simulateOnce } from "../../../src/testing/simulator/simulate.ts";
import { races } from "../../races/scenarios.ts";

const { buggy, fixed } = races[0] as Required<(typeof races)[number]>;

describe("a run", () => {
  it("takes the same schedule however much of chance its scenario uses", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const plain = await simulateOnce(fixed, seed);
      const drawing = await simulateOnce(async (world) => {
        for (let n = 0; n < seed; n++) world.random();
        await fixed(world);
      }, seed);
      expect(drawing.schedule).toBe(plain.schedule);
    }
  });

  it("draws which faults it has, around what is given", () => {
    const given = resolveFaults({ delay: 0.3, maxDelay: 20, threadDeath: 0.01 });
    const drawn = Array.from({ length: 600 }, (_, seed) => faultsOfRun(given, seededRandom(seed)));
    const calm = drawn.filter(({ delay, duplicate }) => delay === 0 && duplicate === 0).length / drawn.length;
    expect(calm).toBeGreaterThan(0.3);
    expect(calm).toBeLessThan(0.5);
    expect(new Set(drawn.map(({ delay }) => Math.round(delay * 100)))).toEqual(new Set([0, 10, 30, 60]));
    expect(new Set(drawn.map(({ maxDelay }) => maxDelay))).toEqual(new Set([2, 10, 20]));
    expect(new Set(drawn.map(({ threadDeath }) => threadDeath))).toEqual(new Set([0, 0.01, 0.02]));
    expect(new Set(drawn.map(({ partition }) => partition))).toEqual(new Set([0, 0.02, 0.1]));
    expect(drawn.every(({ clockJump }) => clockJump === 0)).toBe(true);
    expect(drawn.every(({ processCrash }) => processCrash === 0)).toBe(true);
  });

  it("has exactly the faults given without swarm", () => {
    const given = resolveFaults({ swarm: false });
    expect(faultsOfRun(given, seededRandom(1))).toEqual(given);
  });

  it.each([
    [{ strategy: "fifo" }, /simulate: strategy/],
    [{ placement: "anywhere" }, /simulate: placement/],
    [{ system: { threads: 0 } }, /simulate: system.threads/],
    [{ faults: { swarm: 1 } }, /simulate: faults.swarm is true or false, not 1/],
  ])("refuses %j", async (options, message) => {
    await expect(simulate(buggy, options as never)).rejects.toMatchObject({
      code: "invalid-options",
      message: expect.stringMatching(message) as string,
    });
  });
});
