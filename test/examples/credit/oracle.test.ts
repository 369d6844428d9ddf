import fc from "fast-check";
import { expect, it } from "vitest";
import { decideSequentially } from "../../../examples/credit/oracle.ts";
import { anyApplication, sample } from "./application-arbitrary.ts";

it("decides the same for the same application, also for a copy of it", () => {
  fc.assert(
    fc.property(anyApplication, (application) => {
      const first = decideSequentially(application);
      expect(decideSequentially(structuredClone(application))).toEqual(first);
      expect(decideSequentially({ ...application, previousScore: 300 })).toEqual(first);
    }),
  );
});

it("leaves the application as it was", () => {
  const frozen = Object.freeze({ ...sample });
  expect(decideSequentially(frozen)).toEqual({ decision: "approved", rating: "C", limit: 6000 });
});
