import { describe, expect, it } from "vitest";
import { defaultPolicies } from "../../../src/agents/policies/policies.ts";
import { isLost, nextAttempt, type RetryPolicy } from "../../../src/agents/policies/retry.ts";
import { AskError } from "../../../src/errors/ask-error.ts";
import type { ErrorCode } from "../../../src/errors/error-code.ts";
import { decodeError, encodeError } from "../../../src/errors/error-codec.ts";
import type { ErrorDetails } from "../../../src/errors/error-details.ts";
import { TroupeError } from "../../../src/errors/troupe-error.ts";

const retry: RetryPolicy = {
  attempts: 4,
  backoff: { first: 100, factor: 2, max: 1_000, jitter: 0.5 },
  errors: undefined,
};
const boom = new Error("boom");
const troupe = (code: ErrorCode, details: ErrorDetails = {}): TroupeError => new TroupeError(code, code, { details });

describe("the next attempt", () => {
  it("comes after a pause that grows, until there were as many as the policy has", () => {
    expect([1, 2, 3, 4, 5].map((n) => nextAttempt(retry, n, boom, 10_000, 0))).toEqual([
      10_100,
      10_200,
      10_400,
      undefined,
      undefined,
    ]);
    expect(nextAttempt(retry, 2, boom, 10_000, 0.5)).toBe(10_150);
  });

  it("doesn't come by default", () => {
    expect(nextAttempt(defaultPolicies.retry, 1, boom, 0, 0)).toBeUndefined();
  });

  it("doesn't come for what was cancelled, whatever the policy says", () => {
    for (const code of ["cancelled", "run-cancelled", "system-closed"] as const)
      expect(nextAttempt({ ...retry, errors: () => true }, 1, troupe(code), 0, 0)).toBeUndefined();
  });

  it("doesn't come for an input that violates the contract or an open breaker, unless the policy says so", () => {
    const input = troupe("contract-violated", { direction: "input" });
    const open = troupe("breaker-open", { retryAfter: 5_000 });
    expect(nextAttempt(retry, 1, input, 0, 0)).toBeUndefined();
    expect(nextAttempt(retry, 1, open, 0, 0)).toBeUndefined();
    expect(nextAttempt({ ...retry, errors: "breaker-open" }, 1, open, 0, 0)).toBe(5_000);
    expect(nextAttempt(retry, 1, troupe("contract-violated", { direction: "output" }), 0, 0)).toBe(100);
  });

  it("comes only for the errors of the policy, where it has some", () => {
    const some = { ...retry, errors: ["ECONNRESET", (error: unknown) => error instanceof RangeError] };
    expect(nextAttempt(some, 1, boom, 0, 0)).toBeUndefined();
    expect(nextAttempt(some, 1, new RangeError("far"), 0, 0)).toBe(100);
    const fetchFailed = new TypeError("fetch failed", {
      cause: Object.assign(new Error("reset"), { code: "ECONNRESET" }),
    });
    expect(nextAttempt(some, 1, fetchFailed, 0, 0)).toBe(100);
    expect(nextAttempt(some, 1, decodeError(encodeError(fetchFailed)), 0, 0)).toBe(100);
  });

  it("doesn't come, unless it is asked for, after a limit by which no call waits", () => {
    const limited = (queue: number): Error =>
      new AskError<ErrorCode>("rejected", "rate-limited", "later", { details: { retryAfter: 60_000, queue } });
    expect(nextAttempt(retry, 1, limited(0), 0, 0)).toBeUndefined();
    expect(nextAttempt({ ...retry, errors: () => true }, 1, limited(0), 0, 0)).toBe(60_000);
    expect(nextAttempt(retry, 1, limited(1), 0, 0)).toBe(60_000);
  });

  it("doesn't come before the time that the error names", () => {
    const limited = new AskError<ErrorCode>("rejected", "rate-limited", "later", { details: { retryAfter: 60_000 } });
    expect(nextAttempt(retry, 1, limited, 0, 0)).toBe(60_000);
    expect(nextAttempt(retry, 1, limited, 70_000, 0)).toBe(130_000);
  });

  it("always comes for what was lost with its thread or actor, at least three times in all", () => {
    for (const code of ["thread-died", "actor-stopped"] as const) {
      expect(isLost(troupe(code))).toBe(true);
      const once = { ...retry, attempts: 1, errors: () => false };
      expect([1, 2, 3].map((n) => nextAttempt(once, n, troupe(code), 0, 0))).toEqual([100, 200, undefined]);
      expect(nextAttempt(retry, 3, troupe(code), 0, 0)).toBe(400);
    }
    expect(isLost(boom)).toBe(false);
  });

  it("hands on what a function of the policy throws", () => {
    const broken = { ...retry, errors: (error: unknown) => (error as { a: { b: boolean } }).a.b };
    expect(() => nextAttempt(broken, 1, boom, 0, 0)).toThrow(
      expect.objectContaining({ code: "invalid-options", cause: expect.any(TypeError) as TypeError }),
    );
  });
});
