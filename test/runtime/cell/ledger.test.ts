import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { homeHost, hostId } from "../../../src/actors/address.ts";
import { Ledger, newLedger } from "../../../src/runtime/cell/ledger.ts";

describe("a ledger", () => {
  it("tells who looks at the same memory what was begun and settled, by host", () => {
    const buffer = newLedger();
    const written = new Ledger(buffer);
    const read = new Ledger(buffer);
    expect(read.settledOf(homeHost)).toEqual({ settled: 0, inHand: 0 });
    expect(read.deliveriesOf({ origin: homeHost, id: 1 })).toBe(0);
    written.begin({ origin: homeHost, id: 7 }, 1);
    written.begin({ origin: homeHost, id: 7 }, 2);
    written.begin({ origin: hostId(3), id: 7 }, 1);
    expect(read.deliveriesOf({ origin: homeHost, id: 7 })).toBe(2);
    expect(read.deliveriesOf({ origin: hostId(3), id: 7 })).toBe(1);
    expect(read.deliveriesOf({ origin: homeHost, id: 8 })).toBe(0);
    expect(read.settledOf(homeHost)).toEqual({ settled: 0, inHand: 7 });
    written.settle({ origin: homeHost, id: 7 });
    expect(read.settledOf(homeHost)).toEqual({ settled: 7, inHand: 0 });
    expect(read.settledOf(hostId(3))).toEqual({ settled: 0, inHand: 7 });
  });

  it("tells of the one in hand that later ones have passed, as they made room", () => {
    const buffer = newLedger();
    const written = new Ledger(buffer);
    written.settle({ origin: hostId(1), id: 2 });
    written.begin({ origin: hostId(1), id: 3 }, 1);
    written.drop({ origin: hostId(1), id: 5 });
    expect(new Ledger(buffer).settledOf(hostId(1))).toEqual({ settled: 5, inHand: 3 });
    written.settle({ origin: hostId(1), id: 5 });
    expect(new Ledger(buffer).settledOf(hostId(1))).toEqual({ settled: 5, inHand: 0 });
  });

  it("forgets hosts that are gone, and has room for any number that are not", () => {
    const buffer = newLedger();
    const written = new Ledger(buffer);
    const read = new Ledger(buffer);
    for (let thread = 0; thread < 10_000; thread++) {
      written.settle({ origin: hostId(thread), id: thread + 1 });
      expect(read.settledOf(hostId(thread)).settled).toBe(thread + 1);
      if (thread >= 100) written.forget(hostId(thread - 100));
    }
    expect(read.settledOf(hostId(5)).settled).toBe(0);
    expect(Array.from({ length: 100 }, (_, i) => read.settledOf(hostId(9_900 + i)).settled)).toEqual(
      Array.from({ length: 100 }, (_, i) => 9_901 + i),
    );
    expect(buffer.byteLength).toBeLessThan(10_000);
  });

  it("is a map from hosts to what was written last", () => {
    const entry = fc.record({
      origin: fc.nat(40).map(hostId),
      id: fc.integer({ min: 1, max: 1_000 }),
      isForgotten: fc.boolean(),
    });
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
        for (let thread = 0; thread <= 40; thread++)
          expect(other.settledOf(hostId(thread)).settled).toBe(model.get(thread) ?? 0);
      }),
    );
  });
});
