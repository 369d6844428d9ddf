/** What loops check by `quickExpect` holds and fails where `expect` would, in the same words. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quickExpect } from "./quick-expect.ts";

const number = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.constantFrom(-0, Number.NaN, Number.POSITIVE_INFINITY));
const value = fc.oneof(
  number,
  fc.constantFrom(undefined, null, "", "a", [], [undefined], {}, { a: undefined }, new Map(), new Set([1])),
  fc.array(number, { maxLength: 2 }),
  fc.record({ a: number }),
);

const matchers = {
  toBe: value,
  toEqual: value,
  toBeUndefined: fc.constant(undefined),
  toHaveLength: fc.nat(2),
  toContain: number,
  toBeLessThanOrEqual: number,
  toBeGreaterThanOrEqual: number,
};
type Matchers = Record<keyof typeof matchers, (expected: unknown) => void>;

function complaint(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return String(error);
  }
}

describe.each(Object.entries(matchers) as [keyof typeof matchers, fc.Arbitrary<unknown>][])("%s", (name, expected) => {
  it("is what it is of `expect`", () => {
    const outcomes = new Set<boolean>();
    fc.assert(
      fc.property(value, expected, (actual, given) => {
        const quick = complaint(() => (quickExpect(actual, "why") as Matchers)[name](given));
        // eslint-disable-next-line vitest/valid-expect -- the matcher is called by its name
        const full = complaint(() => (expect(actual, "why") as unknown as Matchers)[name](given));
        expect(quick).toBe(full);
        outcomes.add(quick === undefined);
      }),
      { numRuns: 1_000 },
    );
    expect(outcomes).toEqual(new Set([false, true]));
  });
});
