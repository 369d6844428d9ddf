import { strict as assert } from "node:assert";
import { describe, expect, it } from "vitest";
import {
  breakerDue,
  type BreakerEvent,
  type BreakerPolicy,
  type BreakerState,
  closedBreaker,
  isBlocking,
  stepBreaker,
} from "../../../src/agents/policies/breaker.ts";
import type { CallOutcome } from "../../../src/agents/policies/permit.ts";
import { defaultPolicies } from "../../../src/agents/policies/policies.ts";

const { breaker: defaults } = defaultPolicies;

/** A breaker and the time; each call begins and ends at once unless told otherwise. */
class Bench {
  state: BreakerState = closedBreaker;
  now = 1_000;
  chance = 0;
  readonly policy: BreakerPolicy;

  constructor(policy: Partial<BreakerPolicy> = {}) {
    this.policy = { ...defaults, ...policy };
  }

  do(event: BreakerEvent): void {
    this.state = stepBreaker(this.policy, this.state, event, this.now, () => this.chance);
  }

  begin(): { readonly generation: number; readonly began: number } {
    this.do({ type: "look" });
    assert.equal(isBlocking(this.policy, this.state), false);
    this.do({ type: "begin" });
    return { generation: this.state.generation, began: this.now };
  }

  end(call: { readonly generation: number; readonly began: number }, outcome: CallOutcome, took = 1): void {
    this.do({ type: "end", ...call, outcome, took, error: outcome === "ok" ? "" : "boom" });
  }

  call(outcome: CallOutcome, took = 1): void {
    this.end(this.begin(), outcome, took);
  }

  open(): void {
    while (this.state.status !== "open") this.call("failed");
  }

  halfOpen(): void {
    this.open();
    if (this.state.status === "open") this.now = this.state.retryAt;
    this.do({ type: "look" });
    assert.equal(this.state.status, "half-open");
  }

  get isBlocked(): boolean {
    this.do({ type: "look" });
    return isBlocking(this.policy, this.state);
  }
}

describe("a closed breaker", () => {
  it("counts a thread's death once, however many calls it takes along", () => {
    const bench = new Bench();
    for (let death = 1; death <= 4; death++) {
      const calls = Array.from({ length: 8 }, () => bench.begin());
      bench.now += 10;
      for (const call of calls) bench.end(call, "lost");
      expect(bench.state).toMatchObject({ status: "closed", consecutive: death });
      bench.now += 10;
    }
    bench.call("lost");
    expect(bench.state).toMatchObject({ status: "open", why: { failures: 5 } });
  });

  it("opens after so many failures in a row, and says why", () => {
    const bench = new Bench();
    for (let n = 1; n <= 4; n++) bench.call("failed");
    expect(bench.state.status).toBe("closed");
    bench.call("unknown");
    expect(bench.state).toEqual({
      status: "open",
      generation: 1,
      why: { rule: "consecutive-failures", failures: 5, calls: 5, last: "boom" },
      retryAt: 6_000,
      openings: 1,
    });
  });

  it("counts from the start again after a success, and excused calls not at all", () => {
    const bench = new Bench();
    for (let n = 1; n <= 4; n++) bench.call("failed");
    bench.call("ok");
    for (let n = 1; n <= 4; n++) bench.call("failed");
    for (let n = 1; n <= 10; n++) bench.call("excused");
    expect(bench.state.status).toBe("closed");
    bench.call("failed");
    expect(bench.state.status).toBe("open");
  });

  it("opens when the failure rate of the window is reached, not before there are enough calls", () => {
    const bench = new Bench({ consecutiveFailures: Number.POSITIVE_INFINITY, minimumCalls: 10 });
    for (let n = 1; n <= 9; n++) bench.call(n % 2 === 0 ? "ok" : "failed");
    expect(bench.state.status).toBe("closed");
    bench.call("ok");
    expect(bench.state).toMatchObject({
      status: "open",
      why: { rule: "failure-rate", failures: 5, calls: 10, last: "boom" },
    });
  });

  it("forgets what left the window", () => {
    const bench = new Bench({ consecutiveFailures: Number.POSITIVE_INFINITY, minimumCalls: 4, window: 1_000 });
    for (let n = 1; n <= 3; n++) bench.call("failed");
    bench.now += 1_000;
    bench.call("failed");
    for (let n = 1; n <= 4; n++) bench.call("ok");
    expect(bench.state).toMatchObject({ status: "closed", slices: [{ calls: 5, failures: 1 }] });
  });

  it("keeps no more than ten slices of its window", () => {
    const bench = new Bench({ window: 1_000 });
    for (let n = 0; n < 1_000; n++) {
      bench.now += 37;
      bench.call("ok");
      expect(bench.state.status === "closed" && bench.state.slices.length).toBeLessThanOrEqual(10);
    }
  });

  it("counts a slow success as a failure, and says how slow", () => {
    const bench = new Bench({ consecutiveFailures: 1, slowAfter: 100 });
    bench.call("ok", 100);
    expect(bench.state.status).toBe("closed");
    bench.call("ok", 101);
    expect(bench.state).toMatchObject({ status: "open", why: { last: "it took 101 ms, more than 100" } });
  });

  it("never opens by a rule that is switched off", () => {
    const bench = new Bench({
      consecutiveFailures: Number.POSITIVE_INFINITY,
      failureRate: Number.POSITIVE_INFINITY,
    });
    for (let n = 1; n <= 1_000; n++) bench.call("failed");
    expect(bench.state.status).toBe("closed");
  });
});

describe("an open breaker", () => {
  it("lets nothing through until its time has come", () => {
    const bench = new Bench();
    bench.open();
    bench.now = 5_999.999;
    expect(bench.isBlocked).toBe(true);
    bench.now = 6_000;
    expect(bench.isBlocked).toBe(false);
    expect(bench.state.status).toBe("half-open");
  });

  it("is open for longer each time that its probes fail, up to the longest, and from the first again once it was closed", () => {
    const bench = new Bench({ probes: 1, openFor: { first: 100, factor: 3, max: 500, jitter: 0 } });
    const pauses: number[] = [];
    bench.open();
    for (let n = 1; n <= 4; n++) {
      if (bench.state.status !== "open") throw new Error("it closed");
      pauses.push(bench.state.retryAt - bench.now);
      bench.now = bench.state.retryAt;
      bench.call("failed");
    }
    expect(pauses).toEqual([100, 300, 500, 500]);
    if (bench.state.status === "open") bench.now = bench.state.retryAt;
    bench.call("ok");
    expect(bench.state.status).toBe("closed");
    bench.open();
    expect(bench.state).toMatchObject({ openings: 1, retryAt: bench.now + 100 });
  });

  it("lets chance shorten its time", () => {
    const bench = new Bench();
    bench.chance = 0.5;
    bench.open();
    expect(bench.state).toMatchObject({ retryAt: 1_000 + 4_500 });
  });

  it("doesn't hear of calls that began before it opened", () => {
    const bench = new Bench();
    const late = bench.begin();
    bench.open();
    const opened = bench.state;
    bench.end(late, "failed");
    expect(bench.state).toBe(opened);
  });
});

describe("a half-open breaker", () => {
  it("closes when all its probes have succeeded", () => {
    const bench = new Bench();
    bench.halfOpen();
    bench.call("ok");
    bench.call("ok");
    expect(bench.state.status).toBe("half-open");
    bench.call("ok");
    expect(bench.state).toEqual({ ...closedBreaker, generation: 3 });
  });

  it("lets no more through than its probes, in flight and succeeded together", () => {
    const bench = new Bench();
    bench.halfOpen();
    bench.call("ok");
    const [, third] = [bench.begin(), bench.begin()];
    expect(bench.isBlocked).toBe(true);
    bench.end(third, "excused");
    expect(bench.isBlocked).toBe(false);
  });

  it("opens again when a probe fails, without waiting for the others", () => {
    const bench = new Bench();
    bench.halfOpen();
    bench.call("ok");
    const other = bench.begin();
    bench.call("failed");
    expect(bench.state).toMatchObject({
      status: "open",
      openings: 2,
      why: { rule: "probe-failed", failures: 1, calls: 2, last: "boom" },
    });
    const opened = bench.state;
    bench.end(other, "ok");
    expect(bench.state).toBe(opened);
  });

  it("counts a probe that doesn't end as a slow one when its time is up", () => {
    const bench = new Bench({ slowAfter: 500 });
    bench.halfOpen();
    expect(breakerDue(bench.policy, bench.state)).toBe(Number.POSITIVE_INFINITY);
    bench.begin();
    const due = bench.now + 500;
    expect(breakerDue(bench.policy, bench.state)).toBe(due);
    bench.now = due - 1;
    bench.do({ type: "tick" });
    expect(bench.state.status).toBe("half-open");
    bench.now = due;
    bench.do({ type: "tick" });
    expect(bench.state).toMatchObject({ status: "open", why: { last: "a probe took more than 500 ms" } });
  });

  it("doesn't hear of calls of the time before", () => {
    const bench = new Bench();
    const late = bench.begin();
    bench.halfOpen();
    const before = bench.state;
    bench.end(late, "failed");
    bench.end(late, "ok");
    expect(bench.state).toBe(before);
  });
});
