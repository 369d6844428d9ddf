import { describe, expect, it } from "vitest";
import { matchesError } from "../../../src/agents/policies/error-matcher.ts";
import { AskError } from "../../../src/errors/ask-error.ts";

const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });

describe("a matcher of errors", () => {
  it("fits by code, of the error or of a cause of it", () => {
    expect(matchesError("ECONNREFUSED", refused)).toBe(true);
    expect(matchesError("ECONNREFUSED", new Error("fetch failed", { cause: refused }))).toBe(true);
    expect(matchesError("timed-out", new AskError("timed-out", "timed-out", "late"))).toBe(true);
    expect(matchesError("ECONNRESET", refused)).toBe(false);
    for (const nothing of [undefined, null, "ECONNREFUSED", 7])
      expect(matchesError("ECONNREFUSED", nothing)).toBe(false);
  });

  it("fits by a function, and by any of several", () => {
    const isRange = (error: unknown): boolean => error instanceof RangeError;
    expect(matchesError(isRange, new RangeError("far"))).toBe(true);
    expect(matchesError(["ECONNREFUSED", isRange], refused)).toBe(true);
    expect(matchesError(["ECONNREFUSED", isRange], new Error("boom"))).toBe(false);
    expect(matchesError([], refused)).toBe(false);
  });

  it("comes to an end with causes that have none", () => {
    const endless = {
      code: "a",
      get cause(): unknown {
        return endless;
      },
    };
    expect(matchesError("b", endless)).toBe(false);
  });

  it("says so when a function throws", () => {
    const broken = (): boolean => {
      throw new TypeError("no status");
    };
    expect(() => matchesError(broken, refused)).toThrow(/threw when it was given .*ECONNREFUSED.*no status/s);
  });
});
