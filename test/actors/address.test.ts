import fc from "fast-check";
import { expect, it } from "vitest";
import { homeHost, hostId, hostOf, makeAddress, makeSupervisedAddress } from "../../src/actors/address.ts";

it("is the host, a slash and the name", () => {
  expect(makeAddress(homeHost, "counter-1")).toBe("0/counter-1");
});

it("names its host, whatever the actor is called", () => {
  fc.assert(
    fc.property(fc.nat(), fc.oneof(fc.string(), fc.constantFrom("", "7", "/8/9", "-1", "1e3")), (host, name) => {
      expect(hostOf(makeAddress(hostId(host), name))).toBe(host);
    }),
  );
});

it("differs where host or name do", () => {
  const part = fc.tuple(fc.nat(20), fc.stringMatching(/^[\w.-]{1,3}$/));
  fc.assert(
    fc.property(part, part, ([host, name], [otherHost, otherName]) => {
      expect(makeAddress(hostId(host), name) === makeAddress(hostId(otherHost), otherName)).toBe(
        host === otherHost && name === otherName,
      );
    }),
  );
});

it("names no host where the actor has a supervisor, which may start it on any", () => {
  fc.assert(
    fc.property(fc.string(), (name) => {
      expect(hostOf(makeSupervisedAddress(name))).toBeUndefined();
    }),
  );
});
