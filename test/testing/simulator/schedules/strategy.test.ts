import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../../src/testing/simulator/schedules/seeded-random.ts";
import { type ReadyStep, strategyNames, strategyOf } from "../../../../src/testing/simulator/schedules/strategy.ts";

const lane = (name: string, id: number, host = "1"): ReadyStep => ({ lane: name, host, id });

/** Which lanes are picked, of lanes that always have a step ready. */
function picks(strategy: ReturnType<typeof strategyOf>, lanes: readonly string[], count: number): string[] {
  return Array.from({ length: count }, (_, n) => {
    const ready = lanes.map((name, at) => lane(name, n * lanes.length + at));
    return lanes[strategy.pick(ready)] as string;
  });
}

describe("a strategy", () => {
  it("picks one of the steps, and the same ones under the same seed", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...strategyNames),
        fc.integer(),
        fc.array(fc.uniqueArray(fc.nat(9), { minLength: 2 }), { maxLength: 50 }),
        (name, seed, choices) => {
          const run = (): number[] => {
            const strategy = strategyOf(name, seededRandom(seed));
            return choices.map((ids) => strategy.pick(ids.map((id) => lane(`lane ${id}`, id))));
          };
          const picked = run();
          for (const [at, ids] of choices.entries()) expect(picked[at]).toBeLessThan(ids.length);
          expect(run()).toEqual(picked);
        },
      ),
    );
  });

  it.each(strategyNames)("starves no step for good: %s", (name) => {
    for (let seed = 0; seed < 30; seed++) {
      const picked = picks(strategyOf(name, seededRandom(seed)), ["a", "b", "c"], 3_000);
      expect(new Set(picked.slice(-1_500))).toEqual(new Set(["a", "b", "c"]));
    }
  });

  it("keeps to the highest priority under pct, but for the changes", () => {
    let switches = 0;
    for (let seed = 0; seed < 100; seed++) {
      const picked = picks(strategyOf("pct", seededRandom(seed)), ["a", "b", "c"], 1_000);
      const here = picked.filter((name, at) => at > 0 && name !== picked[at - 1]).length;
      expect(here).toBeLessThanOrEqual(3);
      switches += here;
    }
    expect(switches).toBeGreaterThan(20);
  });

  it("has lanes of different speed under weighted", () => {
    const shares = Array.from({ length: 50 }, (_, seed) => {
      const picked = picks(strategyOf("weighted", seededRandom(seed)), ["a", "b"], 500);
      return picked.filter((name) => name === "a").length / 500;
    });
    expect(Math.min(...shares)).toBeLessThan(0.1);
    expect(Math.max(...shares)).toBeGreaterThan(0.9);
  });

  it("draws priorities again under pos for steps of the thread that was met, and not for those of others", () => {
    /** How long a step waits at most, over some seeds, while others come and go. */
    const longest = (host: string): number =>
      Math.max(
        ...Array.from({ length: 200 }, (_, seed) => {
          const strategy = strategyOf("pos", seededRandom(seed));
          let waited = 0;
          while (strategy.pick([lane("new", ++waited), lane("waits", 0, host)]) === 0);
          return waited;
        }),
      );
    expect(longest("1")).toBeLessThan(20);
    expect(longest("2")).toBeGreaterThan(50);
  });
});
