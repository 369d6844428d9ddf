import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_RATES, type FaultKind, type FaultRates, FAULTS, faultOf } from "../../../examples/credit/faults.ts";

const seeds = fc.nat(2 ** 32 - 1);
const none: FaultRates = { kill: 0, stall: 0, throw: 0, hang: 0, slow: 0 };

describe("faultOf", () => {
  it("is the same for the same seed, step and number", () => {
    fc.assert(
      fc.property(seeds, fc.string(), fc.nat(10), (seed, step, before) => {
        expect(faultOf(seed, DEFAULT_RATES, step, before)).toEqual(faultOf(seed, DEFAULT_RATES, step, before));
      }),
    );
  });

  it("is none where rates are 0, and always the one whose rate is 1", () => {
    fc.assert(
      fc.property(seeds, fc.string(), fc.constantFrom(...FAULTS), (seed, step, kind) => {
        expect(faultOf(seed, none, step, 0)).toBeUndefined();
        expect(faultOf(seed, { ...none, [kind]: 1 }, step, 0)?.kind).toBe(kind);
      }),
    );
  });

  it("comes at the stated rates, before and after the work, in all ways", () => {
    const calls = 50_000;
    const counts = new Map<FaultKind, number>();
    let before = 0;
    let ways = 0;
    let all = 0;
    for (let call = 0; call < calls; call++) {
      const fault = faultOf(7, DEFAULT_RATES, `step ${call}`, 0);
      if (fault === undefined) continue;
      counts.set(fault.kind, 1 + (counts.get(fault.kind) ?? 0));
      all++;
      ways += fault.way;
      if (fault.moment === "before") before++;
    }
    for (const kind of FAULTS) {
      const expected = calls * DEFAULT_RATES[kind];
      expect(Math.abs((counts.get(kind) ?? 0) - expected), kind).toBeLessThan(4 * Math.sqrt(expected));
    }
    expect(before / all).toBeCloseTo(0.5, 1);
    expect(ways / all).toBeCloseTo(0.5, 1);
  });

  it("is another one the next time", () => {
    const kinds = Array.from({ length: 20 }, (_, before) => faultOf(1, { ...none, throw: 0.5 }, "step", before)?.kind);
    expect(new Set(kinds)).toEqual(new Set(["throw", undefined]));
  });
});
