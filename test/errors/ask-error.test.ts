import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AskError, type AskOutcome, isAskError, toAskError } from "../../src/errors/ask-error.ts";
import { TroupeError } from "../../src/errors/troupe-error.ts";

const outcomes = fc.constantFrom<AskOutcome>("rejected", "failed", "timed-out", "cancelled");
const details = fc.dictionary(fc.string(), fc.jsonValue());

describe("an error that is made an ask's", () => {
  it("keeps its code, message, details and cause, whatever they are, and gets the outcome", () => {
    fc.assert(
      fc.property(outcomes, fc.string(), details, fc.anything(), (outcome, message, facts, cause) => {
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
    const error = new AskError("rejected", "breaker-open", "open", { details: { agent: "a" }, cause: "asked" });
    const changed = toAskError(error, "failed", { message: "tried, then open", cause: "no" });
    expect(changed).toMatchObject({
      outcome: "failed",
      mayHaveRun: true,
      code: "breaker-open",
      message: "tried, then open",
      details: { agent: "a" },
      cause: "no",
    });
    expect(toAskError(error, "failed", { message: "tried" }).cause).toBe("asked");
  });
});
