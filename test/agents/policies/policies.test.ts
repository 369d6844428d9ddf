import { describe, expect, it } from "vitest";
import { defaultPolicies, type PolicyOptions, resolvePolicies } from "../../../src/agents/policies/policies.ts";
import { isTroupeError } from "../../../src/errors/troupe-error.ts";

describe("policies that are left out", () => {
  it("are the documented defaults: a breaker, and nothing else", () => {
    expect(resolvePolicies("here")).toEqual(defaultPolicies);
    expect(resolvePolicies("here", {})).toEqual(defaultPolicies);
  });

  it("keep their defaults beside what is given, also beside undefined", () => {
    const given = { breaker: { probes: 1, window: undefined, openFor: { first: 50 } } } as unknown as PolicyOptions;
    expect(resolvePolicies("here", given).breaker).toEqual({
      ...defaultPolicies.breaker,
      probes: 1,
      openFor: { ...defaultPolicies.breaker.openFor, first: 50 },
    });
  });

  it("are frozen, all the way down", () => {
    const policies = resolvePolicies("here", { bulkhead: { concurrent: 1 }, rateLimits: [{ requests: 1 }] });
    const parts = [policies, policies.breaker, policies.bulkhead, policies.rateLimits, ...policies.rateLimits];
    for (const part of [...parts, policies.retry, policies.retry.backoff]) expect(Object.isFrozen(part)).toBe(true);
  });
});

describe("policies that are given", () => {
  it("can switch the breaker off, and its rules", () => {
    expect(resolvePolicies("here", { breaker: false }).breaker).toBe(false);
    const never = { consecutiveFailures: Infinity, failureRate: Infinity, slowAfter: Infinity };
    expect(resolvePolicies("here", { breaker: never }).breaker).toMatchObject(never);
  });

  it("make two limits of one on requests and tokens, and no queue of one that rejects", () => {
    const { rateLimits } = resolvePolicies("here", {
      rateLimits: [
        { requests: 5, tokens: 900, per: "caller" },
        { requests: 1, period: 10, onExceeded: "reject" },
      ],
    });
    expect(rateLimits).toEqual([
      { measure: "requests", max: 5, period: 60_000, per: "caller", queue: 1_000 },
      { measure: "tokens", max: 900, period: 60_000, per: "caller", queue: 1_000 },
      { measure: "requests", max: 1, period: 10, per: "agent", queue: 0 },
    ]);
  });
});

const wrong: readonly (readonly [unknown, RegExp])[] = [
  [7, /^here: policies: .*Object.*7/],
  [{ braker: {} }, /^here: policies\.braker: there is no such option; there are breaker, bulkhead, rateLimits, /],
  [{ breaker: true }, /^here: policies\.breaker: expected an object or false/],
  [{ breaker: { probes: 0 } }, /^here: policies\.breaker\.probes: .*>=1.*0/],
  [{ breaker: { failureRate: 50 } }, /^here: policies\.breaker\.failureRate: expected a number above 0 and up to 1/],
  [{ breaker: { consecutiveFailures: 1.5 } }, /^here: policies\.breaker\.consecutiveFailures: expected a whole number/],
  [{ breaker: { window: Number.NaN } }, /^here: policies\.breaker\.window: /],
  [{ breaker: { openFor: { jitter: 2 } } }, /^here: policies\.breaker\.openFor\.jitter: .*<=1.*2/],
  [{ breaker: { counts: 7 } }, /^here: policies\.breaker\.counts: expected an error's code, a function/],
  [
    { breaker: { treshold: 5 } },
    /^here: policies\.breaker\.treshold: there is no such option; there are consecutiveFailures, failureRate, /,
  ],
  [{ bulkhead: {} }, /^here: policies\.bulkhead\.concurrent: it is missing$/],
  [{ bulkhead: { concurrent: 1, queue: -1 } }, /^here: policies\.bulkhead\.queue: .*>=0.*-1/],
  [{ rateLimits: { requests: 1 } }, /^here: policies\.rateLimits: .*Array/],
  [{ rateLimits: [{ requests: 1 }, {}] }, /^here: policies\.rateLimits\.1: expected requests, tokens or both/],
  [{ rateLimits: [{ requests: 1, per: "user" }] }, /^here: policies\.rateLimits\.0\.per: .*"agent" \| "caller"/],
  [
    { rateLimits: [{ requests: 1, onExceeded: "reject", queue: 3 }] },
    /^here: policies\.rateLimits\.0: expected no queue/,
  ],
  [{ estimateTokens: 500 }, /^here: policies\.estimateTokens: expected a function of the input/],
  [{ retry: { attempts: 0 } }, /^here: policies\.retry\.attempts: .*>=1.*0/],
  [{ retry: { backoff: { factor: 0.5 } } }, /^here: policies\.retry\.backoff\.factor: .*>=1.*0\.5/],
  [{ compensationRetry: { errors: [""] } }, /^here: policies\.compensationRetry\.errors: expected an error's code/],
  [{ timeout: 0 }, /^here: policies\.timeout: .*>=1.*0/],
];

describe("policies that can't be used", () => {
  it.each(wrong)("are refused by name: %o", (options, message) => {
    let thrown: unknown;
    try {
      resolvePolicies("here", options as PolicyOptions);
    } catch (error) {
      thrown = error;
    }
    expect(isTroupeError(thrown, "invalid-options")).toBe(true);
    expect((thrown as Error).message).toMatch(message);
  });
});
