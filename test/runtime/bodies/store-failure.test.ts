import { expect, it } from "vitest";
import { outcomeUnknown, ownershipLost } from "../../../src/store/journal/ownership.ts";
import { isOutcomeUnknown, refusalOf, StoreFailure } from "../../../src/runtime/bodies/store-failure.ts";
import type { Envelope } from "../../../src/runtime/transport/envelope.ts";

const envelope = { to: "1/a", type: "add" } as unknown as Envelope;
const lost = ownershipLost("it was cut off", { journal: "test" });

it("says of a message that it had no effect only where that is certain (invariant 12)", () => {
  const refused = new StoreFailure(lost);
  expect(isOutcomeUnknown(refused)).toBe(false);
  expect(refusalOf(envelope, refused)).toMatchObject({ outcome: "rejected", code: "not-committed", mayHaveRun: false });
  const unknown = new StoreFailure(outcomeUnknown([7], lost));
  expect(isOutcomeUnknown(unknown)).toBe(true);
  expect(refusalOf(envelope, unknown)).toMatchObject({
    outcome: "failed",
    code: "outcome-unknown",
    mayHaveRun: true,
    details: { positions: [7] },
  });
});
