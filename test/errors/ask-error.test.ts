import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AskError, type AskOutcome, isAskError, toAskError } from "../../src/errors/ask-error.ts";
import { TroupeError } from "../../src/errors/troupe-error.ts";

const outcomes = fc.constantFrom<AskOutcome>("rejected", "failed", "timed-out", "cancelled");
const anyDetails = fc.record({ path: fc.array(fc.oneof(fc.string(), fc.integer())), kind: fc.string() });

describe("an error that is made an ask's", () => {
  it("keeps its code, message, details and cause, whatever they are, and gets the outcome", () => {
    fc.assert(
      fc.property(outcomes, fc.string(), anyDetails, fc.anything(), (outcome, message, facts, cause) => {
        const error = toAskError(new TroupeError("not-cloneable", message, { details: facts, cause }), outcome);
        expect(isAskError(error)).toBe(true);
        expect([error.outcome, error.code, error.message]).toEqual([outcome, "not-cloneable", message]);
        expect(error.details).toBe(facts);
        expect(error.cause).toBe(cause);
        expect(error.mayHaveRun).toBe(outcome !== "rejected");
      }),
    );
  });

  it("has no cause where the error has none", () => {
    expect("cause" in toAskError(new TroupeError("system-closed", "closed"), "rejected")).toBe(false);
    expect("cause" in toAskError(new TroupeError("system-closed", "closed", { cause: undefined }), "rejected")).toBe(
      true,
    );
  });

  it("says what it is told to say otherwise", () => {
    const why = { rule: "probe-failed", failures: 1, calls: 1, last: "" } as const;
    const details = { agent: "a", status: "open", why, retryAfter: 1 } as const;
    const error = new AskError("rejected", "breaker-open", "open", { details, cause: "asked" });
    const changed = toAskError(error, "failed", { message: "tried, then open", cause: "no" });
    expect(changed).toMatchObject({
      outcome: "failed",
      mayHaveRun: true,
      code: "breaker-open",
      message: "tried, then open",
      details,
      cause: "no",
    });
    expect(toAskError(error, "failed", { message: "tried" }).cause).toBe("asked");
  });
});
