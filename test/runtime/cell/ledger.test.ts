import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Ledger, newLedger } from "../../../src/runtime/cell/ledger.ts";

describe("a ledger", () => {
  it("tells who looks at the same memory what was begun and settled, by host", () => {
    const buffer = newLedger();
    const written = new Ledger(buffer);
    const read = new Ledger(buffer);
    expect(read.settledOf(0)).toEqual({ settled: 0, inHand: 0 });
    expect(read.deliveriesOf({ origin: 0, id: 1 })).toBe(0);
    written.begin({ origin: 0, id: 7 }, 1);
    written.begin({ origin: 0, id: 7 }, 2);
    written.begin({ origin: 3, id: 7 }, 1);
    expect(read.deliveriesOf({ origin: 0, id: 7 })).toBe(2);
    expect(read.deliveriesOf({ origin: 3, id: 7 })).toBe(1);
    expect(read.deliveriesOf({ origin: 0, id: 8 })).toBe(0);
    expect(read.settledOf(0)).toEqual({ settled: 0, inHand: 7 });
    written.settle({ origin: 0, id: 7 });
    expect(read.settledOf(0)).toEqual({ settled: 7, inHand: 0 });
    expect(read.settledOf(3)).toEqual({ settled: 0, inHand: 7 });
  });

  it("tells of the one in hand that later ones have passed, as they made room", () => {
    const buffer = newLedger();
    const written = new Ledger(buffer);
    written.settle({ origin: 1, id: 2 });
    written.begin({ origin: 1, id: 3 }, 1);
    written.drop({ origin: 1, id: 5 });
    expect(new Ledger(buffer).settledOf(1)).toEqual({ settled: 5, inHand: 3 });
    written.settle({ origin: 1, id: 5 });
    expect(new Ledger(buffer).settledOf(1)).toEqual({ settled: 5, inHand: 0 });
  });

  it("forgets hosts that are gone, and has room for any number that are not", () => {
    const buffer = newLedger();
    const written = new Ledger(buffer);
    const read = new Ledger(buffer);
    for (let origin = 0; origin < 10_000; origin++) {
      written.settle({ origin, id: origin + 1 });
      expect(read.settledOf(origin).settled).toBe(origin + 1);
      if (origin >= 100) written.forget(origin - 100);
    }
    expect(read.settledOf(5).settled).toBe(0);
    expect(Array.from({ length: 100 }, (_, i) => read.settledOf(9_900 + i).settled)).toEqual(
      Array.from({ length: 100 }, (_, i) => 9_901 + i),
    );
    expect(buffer.byteLength).toBeLessThan(10_000);
  });

  it("is a map from hosts to what was written last", () => {
    const entry = fc.record({ origin: fc.nat(40), id: fc.integer({ min: 1, max: 1_000 }), isForgotten: fc.boolean() });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 200 }), (entries) => {
        const buffer = newLedger();
        const ledger = new Ledger(buffer);
        const model = new Map<number, number>();
        for (const { origin, id, isForgotten } of entries) {
          if (isForgotten) {
            ledger.forget(origin);
            model.delete(origin);
          } else {
            ledger.settle({ origin, id });
            model.set(origin, id);
          }
        }
        const other = new Ledger(buffer);
        for (let origin = 0; origin <= 40; origin++)
          expect(other.settledOf(origin).settled).toBe(model.get(origin) ?? 0);
      }),
    );
  });
});
