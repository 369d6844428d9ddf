/** One time for each of many items, the earliest first: against a plain map. */

import fc from "fast-check";
import { expect, it } from "vitest";
import { DueTimes } from "../../src/async/due-times.ts";

const operation = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      item: fc.nat(12),
      at: fc.oneof({ weight: 4, arbitrary: fc.nat(30) }, fc.constant(Number.POSITIVE_INFINITY)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ now: fc.nat(30) }) },
);

it("gives out what a map of the times would, in their order", () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 80 }), (operations) => {
      const due = new DueTimes<number>();
      const times = new Map<number, number>();
      for (const one of operations) {
        if ("item" in one) {
          due.set(one.item, one.at);
          if (one.at === Number.POSITIVE_INFINITY) times.delete(one.item);
          else times.set(one.item, one.at);
        } else {
          const expected = [...times].filter(([, at]) => at <= one.now);
          const taken = due.take(one.now);
          expect(taken.toSorted((a, b) => a - b)).toEqual(expected.map(([item]) => item).toSorted((a, b) => a - b));
          expect(taken.map((item) => times.get(item))).toEqual(expected.map(([, at]) => at).toSorted((a, b) => a - b));
          for (const item of taken) times.delete(item);
        }
        expect(due.size).toBe(times.size);
        expect(due.next).toBe(Math.min(...times.values()));
      }
    }),
    { numRuns: 500 },
  );
});
