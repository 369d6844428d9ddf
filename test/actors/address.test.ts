import fc from "fast-check";
import { expect, it } from "vitest";
import { hostOf, makeAddress } from "../../src/actors/address.ts";

it("is the host, a slash and the name", () => {
  expect(makeAddress(0, "counter-1")).toBe("0/counter-1");
});

it("names its host, whatever the actor is called", () => {
  fc.assert(
    fc.property(fc.nat(), fc.oneof(fc.string(), fc.constantFrom("", "7", "/8/9", "-1", "1e3")), (host, name) => {
      expect(hostOf(makeAddress(host, name))).toBe(host);
    }),
  );
});

it("differs where host or name do", () => {
  const part = fc.tuple(fc.nat(20), fc.stringMatching(/^[\w.-]{1,3}$/));
  fc.assert(
    fc.property(part, part, ([host, name], [otherHost, otherName]) => {
      expect(makeAddress(host, name) === makeAddress(otherHost, otherName)).toBe(
        host === otherHost && name === otherName,
      );
    }),
  );
});
