import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Backoff, pauseOf, resolveBackoff } from "../../src/actors/backoff.ts";

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const backoff: fc.Arbitrary<Backoff> = fc.record({
  first: fc.integer({ min: 0, max: 10_000 }),
  factor: fc.double({ min: 1, max: 10, noNaN: true }),
  max: fc.integer({ min: 0, max: 100_000 }),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
});

describe("a backoff", () => {
  it("grows by its factor up to its longest pause", () => {
    const pauses = [1, 2, 3, 4, 5].map((n) => pauseOf({ first: 100, factor: 3, max: 2_000, jitter: 0 }, n, 0.9));
    expect(pauses).toEqual([100, 300, 900, 2_000, 2_000]);
  });

  it("lets chance take off its share, and no more", () => {
    const terms = { first: 1_000, factor: 1, max: 5_000, jitter: 0.4 };
    expect([0, 0.5, 1].map((at) => pauseOf(terms, 1, at))).toEqual([1_000, 800, 600]);
  });

  it("is never longer than its longest, never negative, and never shorter next time for the same chance", () => {
    fc.assert(
      fc.property(backoff, fc.integer({ min: 1, max: 2_000 }), chance, (terms, n, at) => {
        const pause = pauseOf(terms, n, at);
        expect(pause).toBeGreaterThanOrEqual(0);
        expect(pause).toBeLessThanOrEqual(terms.max);
        expect(pauseOf(terms, n + 1, at)).toBeGreaterThanOrEqual(pause);
      }),
    );
  });

  it("takes its defaults where nothing is given, and a long first pause raises the longest", () => {
    const defaults = { first: 10, factor: 2, max: 100, jitter: 0.5 };
    expect(resolveBackoff({}, defaults)).toEqual(defaults);
    expect(resolveBackoff({ first: 500 }, defaults)).toEqual({ ...defaults, first: 500, max: 500 });
    expect(resolveBackoff({ first: 500, max: 50 }, defaults)).toEqual({ ...defaults, first: 500, max: 50 });
  });
});
