import { strict as assert } from "node:assert";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  begin,
  correct,
  fitsAt,
  giveBack,
  maxCallers,
  neverFits,
  noSpending,
  type RateLimitPolicy,
  type RateLimitState,
  reserve,
} from "../../../src/agents/policies/rate-limit.ts";
import { scopeOf } from "../../../src/agents/policies/waiting-calls.ts";
import { quickExpect } from "../../quick-expect.ts";

const requests: RateLimitPolicy = { measure: "requests", max: 2, period: 1_000, per: "agent", queue: 0 };
const tokens: RateLimitPolicy = { ...requests, measure: "tokens", max: 100 };

/** A limit and who has gone ahead when. */
class Bench {
  state: RateLimitState = noSpending;
  now = 0;
  readonly policy: RateLimitPolicy;

  constructor(policy: RateLimitPolicy) {
    this.policy = policy;
  }

  fitsAt(amount = 1, caller = "anna"): number {
    return fitsAt(this.policy, this.state, this.#scope(caller), amount, this.now);
  }

  /** Goes ahead, and begins. */
  go(amount = 1, caller = "anna"): void {
    this.reserve(amount, caller);
    this.begin(caller);
  }

  reserve(amount = 1, caller = "anna"): void {
    assert.equal(this.fitsAt(amount, caller), this.now);
    this.state = reserve(this.policy, this.state, this.#scope(caller), amount, this.now);
  }

  begin(caller = "anna"): void {
    this.state = begin(this.policy, this.state, this.#scope(caller), this.now);
  }

  giveBack(caller = "anna"): void {
    this.state = giveBack(this.policy, this.state, this.#scope(caller), this.now);
  }

  end(reserved: number, used: number, caller = "anna"): void {
    this.state = correct(this.policy, this.state, this.#scope(caller), { reserved, used }, this.now);
  }

  get entries(): number {
    return [...this.state.values()].reduce((sum, { log }) => sum + log.length, 0);
  }

  #scope(caller: string): string {
    return scopeOf(this.policy.per, { caller, tenant: undefined });
  }
}

describe("a limit on requests", () => {
  it("has room again exactly one period after the request that is in the way", () => {
    const bench = new Bench(requests);
    bench.go();
    bench.now = 300;
    bench.go();
    expect(bench.fitsAt()).toBe(1_000);
    bench.now = 999.9;
    expect(bench.fitsAt()).toBe(1_000);
    bench.now = 1_000;
    bench.go();
    expect(bench.fitsAt()).toBe(1_300);
  });

  it("holds a place until its call begins, however late, and counts from then", () => {
    const bench = new Bench(requests);
    bench.reserve();
    bench.reserve();
    bench.now = 5_000;
    expect(bench.fitsAt()).toBe(Number.POSITIVE_INFINITY);
    bench.begin();
    expect(bench.fitsAt()).toBe(6_000);
    bench.giveBack();
    expect(bench.fitsAt()).toBe(5_000);
    bench.reserve();
    bench.now = 5_400;
    bench.begin();
    expect(bench.fitsAt()).toBe(6_000);
  });

  it("counts callers together, or each by itself", () => {
    const together = new Bench(requests);
    together.go(1, "anna");
    together.go(1, "bob");
    expect(together.fitsAt(1, "carl")).toBe(1_000);
    const apart = new Bench({ ...requests, per: "caller" });
    apart.go(1, "anna");
    apart.go(1, "anna");
    expect(apart.fitsAt(1, "anna")).toBe(1_000);
    expect(apart.fitsAt(1, "bob")).toBe(0);
  });

  it("says when several more have room", () => {
    const bench = new Bench({ ...requests, max: 3 });
    for (const at of [0, 100, 200]) {
      bench.now = at;
      bench.go();
    }
    expect([1, 2, 3].map((amount) => bench.fitsAt(amount))).toEqual([1_000, 1_100, 1_200]);
    expect(bench.fitsAt(4)).toBe(Number.POSITIVE_INFINITY);
  });

  it("never lets more through than it allows in any window of its period, and hardly less", () => {
    // the worst that can come: a dense burst, then always the first moment at which there is room
    const gap = fc.oneof(
      { weight: 12, arbitrary: fc.double({ min: 0, max: 0.8, noNaN: true }) },
      { weight: 1, arbitrary: fc.constant("until there is room" as const) },
      { weight: 1, arbitrary: fc.double({ min: 0, max: 30, noNaN: true }) },
    );
    let merged = 0;
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 700 }),
        fc.constantFrom(700.5, 1_000),
        fc.array(gap, { minLength: 1, maxLength: 2_000, size: "max" }),
        (max, period, gaps) => {
          const bench = new Bench({ ...requests, max, period });
          const times: number[] = [];
          for (const wait of gaps) {
            bench.now = wait === "until there is room" ? bench.fitsAt() : bench.now + wait;
            const earlier = times.at(-max) ?? Number.NEGATIVE_INFINITY;
            const at = bench.fitsAt();
            assert.ok(at >= earlier + period, "too early");
            assert.ok(at <= Math.max(bench.now, earlier + period + period / 256), "too late");
            if (at > bench.now) continue;
            bench.go();
            times.push(bench.now);
          }
          if (times.length > bench.entries) merged++;
        },
      ),
      { numRuns: 300 },
    );
    expect(merged).toBeGreaterThan(20);
  });

  it("lets through all that is allowed, to the request, for limits up to 256", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 256 }),
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 1_200, size: "max" }),
        (max, gaps) => {
          const bench = new Bench({ ...requests, max });
          const times: number[] = [];
          for (const wait of gaps) {
            bench.now += wait;
            const oldest = times.at(-max);
            const at = oldest === undefined ? bench.now : Math.max(bench.now, oldest + 1_000);
            assert.equal(bench.fitsAt(), at);
            if (at > bench.now) continue;
            bench.go();
            times.push(bench.now);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it("remembers a bounded number of entries, and gives back all its room a period later", () => {
    const bench = new Bench({ ...requests, max: 1_000_000 });
    for (let n = 0; n < 20_000; n++) {
      bench.now += 0.05;
      bench.go();
      quickExpect(bench.entries).toBeLessThanOrEqual(2 * 256 + 1);
    }
    bench.now += 1_000;
    expect(bench.fitsAt(1_000_000)).toBe(bench.now);
  });

  it("remembers a bounded number of callers: another one waits until one has been silent", () => {
    const bench = new Bench({ ...requests, per: "caller" });
    for (let n = 0; n < maxCallers; n++) {
      bench.now += 0.5;
      bench.go(1, `caller-${n}`);
    }
    expect(bench.state.size).toBe(maxCallers);
    expect(bench.fitsAt(1, "one more")).toBe(1_000.5);
    expect(bench.fitsAt(1, "caller-5")).toBe(bench.now);
    bench.now = 1_000.5;
    bench.go(1, "one more");
    expect(bench.state.size).toBeLessThanOrEqual(maxCallers);
  });
});

describe("a limit on tokens", () => {
  it("counts what was used when the call ends, and lets calls without an estimate go while something is left", () => {
    const bench = new Bench(tokens);
    bench.go(0);
    bench.go(0);
    bench.now = 50;
    bench.end(0, 90);
    bench.go(0);
    bench.now = 60;
    bench.end(0, 30);
    expect(bench.fitsAt(0)).toBe(1_050);
    bench.now = 1_050;
    expect(bench.fitsAt(70)).toBe(1_050);
    expect(bench.fitsAt(71)).toBe(1_060);
  });

  it("reserves the estimate until the call ends", () => {
    const bench = new Bench(tokens);
    bench.go(60);
    expect(bench.fitsAt(40)).toBe(0);
    expect(bench.fitsAt(41)).toBe(Number.POSITIVE_INFINITY);
    bench.now = 5_000;
    expect(bench.fitsAt(41)).toBe(Number.POSITIVE_INFINITY);
    bench.end(60, 10);
    expect(bench.fitsAt(90)).toBe(5_000);
    expect(bench.fitsAt(91)).toBe(6_000);
  });

  it("never lets in what is over the limit by itself", () => {
    expect(neverFits(tokens, 100)).toBe(false);
    expect(neverFits(tokens, 101)).toBe(true);
    expect(new Bench(tokens).fitsAt(101)).toBe(Number.POSITIVE_INFINITY);
  });

  it("is kept in any window where estimates are upper bounds", () => {
    const action = fc.oneof(
      fc.record({ type: fc.constant("go" as const), estimate: fc.integer({ min: 0, max: 60 }) }),
      fc.record({
        type: fc.constant("end" as const),
        pick: fc.nat(20),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      fc.record({ type: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 400 }) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 300, size: "max" }), (actions) => {
        const bench = new Bench(tokens);
        const inFlight: number[] = [];
        const used: { readonly at: number; readonly amount: number }[] = [];
        for (const step of actions) {
          if (step.type === "wait") bench.now += step.ms;
          else if (step.type === "go") {
            if (bench.fitsAt(step.estimate) > bench.now || step.estimate === 0) continue;
            bench.go(step.estimate);
            inFlight.push(step.estimate);
          } else if (inFlight.length > 0) {
            const [estimate] = inFlight.splice(step.pick % inFlight.length, 1) as [number];
            const amount = Math.floor(estimate * step.share);
            bench.end(estimate, amount);
            used.push({ at: bench.now, amount });
            const window = used.filter(({ at }) => at + 1_000 > bench.now);
            quickExpect(window.reduce((sum, { amount: one }) => sum + one, 0)).toBeLessThanOrEqual(tokens.max);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
