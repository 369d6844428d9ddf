import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TraceRate } from "../../src/traces/sampling.ts";

describe("a rate of traces", () => {
  it("lets ten seconds' worth begin at once, then as many as it says", () => {
    const rate = new TraceRate({ perSecond: 2 });
    const taken = (now: number): number => Array.from({ length: 100 }, () => rate.take(now)).filter(Boolean).length;
    expect(taken(0)).toBe(20);
    expect(taken(0)).toBe(0);
    expect(taken(499)).toBe(0);
    expect(taken(500)).toBe(1);
    expect(taken(2_500)).toBe(4);
    expect(taken(1_000_000)).toBe(20);
  });

  it("takes nothing by being asked, and goes on when the time of day is set back", () => {
    const rate = new TraceRate({ perSecond: 0.1 });
    for (let n = 0; n < 5; n++) expect(rate.allows(50_000)).toBe(true);
    expect(rate.take(50_000)).toBe(true);
    expect(rate.take(50_000)).toBe(false);
    expect(rate.take(0)).toBe(false);
    expect(rate.take(10_000)).toBe(true);
  });

  it("is never exceeded over any stretch of time", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.array(fc.nat(2_000), { maxLength: 200 }), (perSecond, pauses) => {
        const rate = new TraceRate({ perSecond });
        let now = 0;
        const taken: number[] = [];
        for (const pause of pauses) {
          now += pause;
          while (rate.take(now)) taken.push(now);
        }
        for (let first = 0; first < taken.length; first += 7) {
          for (let last = first; last < taken.length; last += 13) {
            const span = (taken[last] as number) - (taken[first] as number);
            expect(last - first + 1).toBeLessThanOrEqual(perSecond * 10 + (span / 1_000) * perSecond + 1e-6);
          }
        }
      }),
    );
  });

  it("of none lets none begin", () => {
    expect(new TraceRate({ perSecond: 0 }).take(1e9)).toBe(false);
  });
});
