import type { ErrorCode } from "../../src/errors/error-code.ts";
import { describe, expect, it } from "vitest";
import { AskError, isAskError } from "../../src/errors/ask-error.ts";
import { isTroupeError, TroupeError } from "../../src/errors/troupe-error.ts";

describe("TroupeError", () => {
  it("carries code, message, details and cause", () => {
    const cause = new Error("why");
    const error = new TroupeError("no-such-key", "no key a/1", { cause, details: { key: "a/1" } });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: "TroupeError", code: "no-such-key", message: "no key a/1", cause });
    expect(error.details).toEqual({ key: "a/1" });
    expect(String(error)).toBe("TroupeError: no key a/1");
  });

  it("has empty details and no cause unless it is given them, and tells a cause of undefined from none", () => {
    const error = new TroupeError("deadlock", "all wait");
    expect(error.details).toEqual({});
    expect("cause" in error).toBe(false);
    expect("cause" in new TroupeError("deadlock", "all wait", { cause: undefined })).toBe(true);
  });

  it("shows no field but code and details when it is listed", () => {
    expect(Object.keys(new TroupeError("deadlock", "all wait"))).toEqual(["code", "details"]);
  });
});

describe("isTroupeError", () => {
  const error = new TroupeError<ErrorCode>("conflict", "lost");

  it("asks for the code where one is given", () => {
    expect(isTroupeError(error)).toBe(true);
    expect(isTroupeError(error, "conflict")).toBe(true);
    expect(isTroupeError(error, "timed-out")).toBe(false);
  });

  it("recognises subclasses", () => {
    class Narrow extends TroupeError {}
    expect(isTroupeError(new Narrow("conflict", "lost"), "conflict")).toBe(true);
    expect(isTroupeError(new AskError<ErrorCode>("rejected", "conflict", "lost"))).toBe(true);
  });

  it("recognises an error that another copy of the package made", () => {
    const foreign = Object.defineProperty(new Error("lost"), Symbol.for("troupe.error"), { value: true });
    expect(isTroupeError(foreign)).toBe(true);
    expect(isTroupeError(foreign, "conflict")).toBe(false);
    expect(isTroupeError(Object.assign(foreign, { code: "conflict" }), "conflict")).toBe(true);
  });

  it.each([
    ["an error", new Error("lost")],
    ["an error with a code", Object.assign(new Error("lost"), { code: "conflict" })],
    ["a look-alike", { name: "TroupeError", code: "conflict", message: "lost", details: {} }],
    ["its structured clone, which lost the brand", structuredClone(error)],
    ["undefined", undefined],
    ["null", null],
    ["a string", "conflict"],
    ["a symbol", Symbol.for("troupe.error")],
    ["a function", () => error],
  ])("is false for %s", (_, value) => {
    expect(isTroupeError(value)).toBe(false);
    expect(isTroupeError(value, "conflict")).toBe(false);
  });
});

describe("isAskError", () => {
  it.each(["rejected", "failed", "timed-out", "cancelled"] as const)("recognises the outcome %s", (outcome) => {
    const error = new AskError(outcome, "cancelled", "gone", { details: { to: "1/a" } });
    expect(isAskError(error)).toBe(true);
    expect(error).toMatchObject({ name: "AskError", outcome, code: "cancelled", details: { to: "1/a" } });
  });

  it("is false for other errors, whatever they claim", () => {
    expect(isAskError(new TroupeError("cancelled", "gone"))).toBe(false);
    expect(isAskError(Object.assign(new Error("gone"), { outcome: "rejected" }))).toBe(false);
    expect(isAskError({ outcome: "rejected" })).toBe(false);
    expect(isAskError(undefined)).toBe(false);
  });
});
