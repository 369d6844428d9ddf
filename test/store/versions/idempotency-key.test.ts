import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isScopeKey, keyOfParts, ownKey, scopeKey } from "../../../src/store/versions/idempotency-key.ts";

const part = fc.oneof(
  fc.string(),
  fc.constantFrom("", "/", "%", "%2F", "7/pay", "7", "pay", "compensation", "own", "\ud800"),
);
const parts = fc.array(part, { minLength: 1, maxLength: 4 });

describe("keys (invariant 5)", () => {
  it("of different parts are different", () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        expect(keyOfParts(...a) === keyOfParts(...b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
      { numRuns: 2_000 },
    );
  });

  it("have their parts as they are, if those have no slash and no per cent sign", () => {
    expect(keyOfParts("run", "order 7", "pay")).toBe("run/order 7/pay");
    expect(keyOfParts("run", "7/pay", "50%")).toBe("run/7%2Fpay/50%25");
  });

  it("of a caller's own differ from each other and from Troupe's", () => {
    const own = fc.oneof(
      fc.string({ minLength: 1 }),
      parts.map((all) => scopeKey(keyOfParts(...all))),
      fc.string({ minLength: 1 }).map((key) => ownKey(`troupe:${key}`, "commit")),
    );
    fc.assert(
      fc.property(own, own, parts, (a, b, all) => {
        expect(ownKey(a, "commit") === ownKey(b, "commit")).toBe(a === b);
        expect(isScopeKey(ownKey(a, "commit"))).toBe(false);
        if (all[0] !== "own") expect(ownKey(a, "commit")).not.toBe(scopeKey(keyOfParts(...all)));
      }),
      { numRuns: 2_000 },
    );
  });
});
