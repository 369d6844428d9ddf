import { describe, expect, it } from "vitest";
import {
  type GateEffect,
  type GateEvent,
  isAlwaysOpen,
  newGate,
  stepGate,
  type Ticket,
} from "../../../src/agents/policies/gate.ts";
import type { CallOutcome } from "../../../src/agents/policies/permit.ts";
import { type PolicyOptions, resolvePolicies } from "../../../src/agents/policies/policies.ts";
import type { AskError } from "../../../src/errors/ask-error.ts";

/** A gate with time, and what became of each call. */
class Bench {
  now = 0;
  state;
  /** The effects of the last step, but for admits and rejects. */
  effects: GateEffect[] = [];
  readonly admitted: number[] = [];
  readonly rejected = new Map<number, AskError>();
  readonly tickets = new Map<number, Ticket>();
  readonly #policies;
  /** Whether calls begin as soon as they go ahead. */
  readonly #begins: boolean;
  #last = 0;

  constructor(options: PolicyOptions, begins = true) {
    this.#begins = begins;
    const { breaker, bulkhead, rateLimits } = resolvePolicies("test", options);
    this.#policies = { agent: "oracle", breaker, bulkhead, rateLimits };
    this.state = newGate(this.#policies);
  }

  do(event: GateEvent): void {
    const [state, effects] = stepGate(this.#policies, this.state, event, this.now, () => 0);
    this.state = state;
    this.effects = [];
    const begun: Ticket[] = [];
    for (const effect of effects) {
      if (effect.type === "admit") {
        this.admitted.push(effect.ticket.id);
        this.tickets.set(effect.ticket.id, effect.ticket);
        if (this.#begins) begun.push(effect.ticket);
      } else if (effect.type === "reject") this.rejected.set(effect.id, effect.error);
      else this.effects.push(effect);
    }
    for (const ticket of begun) {
      const { effects: before } = this;
      this.do({ type: "begun", ticket });
      this.effects = [...before, ...this.effects];
    }
  }

  request(caller = "anna", tokens = 0): number {
    const id = ++this.#last;
    this.do({ type: "request", call: { id, caller, tenant: undefined, tokens } });
    return id;
  }

  settle(
    id: number,
    outcome: CallOutcome = "ok",
    more: { tokens?: number; isRunning?: boolean; took?: number; hasBegun?: boolean; retryAfter?: number } = {},
  ): void {
    const { tokens = 0, isRunning = false, took = 1, hasBegun = this.#begins, retryAfter = 0 } = more;
    const error = outcome === "ok" ? "" : "boom";
    const how = { outcome, took, tokens, error, retryAfter, isRunning };
    this.do({ type: "settled", ticket: this.tickets.get(id)!, hasBegun, ...how });
  }

  codeOf(id: number): string | undefined {
    return this.rejected.get(id)?.code;
  }

  get waiting(): readonly number[] {
    return this.state.waiting.map(({ id }) => id);
  }
}

describe("a gate with the default policies", () => {
  it("lets any number of calls ahead at once", () => {
    const bench = new Bench({});
    for (let n = 1; n <= 1_000; n++) bench.request();
    expect(bench.admitted).toHaveLength(1_000);
    expect(bench.state).toMatchObject({ inFlight: 1_000, waiting: [], wakeAt: Number.POSITIVE_INFINITY });
  });

  it("fails fast while the breaker is open: why, and when it is tried again", () => {
    const bench = new Bench({});
    for (let n = 1; n <= 5; n++) bench.settle(bench.request(), "failed");
    expect(bench.effects).toEqual([{ type: "breaker-changed", breaker: bench.state.breaker }]);
    bench.now = 10;
    const error = bench.rejected.get(bench.request());
    expect(error).toMatchObject({
      code: "breaker-open",
      outcome: "rejected",
      message:
        "the breaker of the agent oracle is open, since 5 calls in a row failed, the last of them with: boom; it will be tried again in 4990 ms",
      details: {
        agent: "oracle",
        status: "open",
        retryAfter: 4_990,
        why: { rule: "consecutive-failures", failures: 5, calls: 5, last: "boom" },
      },
    });
    expect(bench.state.inFlight).toBe(0);
  });

  it("says what it is doing while the probes are under way, and counts them out one by one", () => {
    const bench = new Bench({ breaker: { probes: 2, consecutiveFailures: 1 } });
    bench.settle(bench.request(), "failed");
    bench.now = 5_000;
    const [first, second] = [bench.request(), bench.request()];
    expect(bench.admitted).toEqual([1, first, second]);
    const third = bench.request();
    expect(bench.rejected.get(third)).toMatchObject({
      code: "breaker-open",
      details: { status: "half-open", retryAfter: 0 },
    });
    bench.do({ type: "released", ticket: bench.tickets.get(first)!, hasBegun: true });
    expect(bench.codeOf(bench.request())).toBeUndefined();
    bench.settle(second);
    bench.settle(5);
    expect(bench.state.breaker.status).toBe("closed");
  });

  it("wants to be woken when a probe becomes a slow one", () => {
    const bench = new Bench({ breaker: { slowAfter: 300, consecutiveFailures: 1 } });
    bench.settle(bench.request(), "failed");
    bench.now = 5_000;
    bench.request();
    expect(bench.effects).toContainEqual({ type: "wake", at: 5_300 });
    bench.now = 5_299;
    bench.do({ type: "tick" });
    expect(bench.effects).toEqual([{ type: "wake", at: 5_300 }]);
    bench.now = 5_300;
    bench.do({ type: "tick" });
    expect(bench.effects.map(({ type }) => type)).toEqual(["breaker-changed", "wake"]);
    expect(bench.state).toMatchObject({ breaker: { status: "open" }, wakeAt: Number.POSITIVE_INFINITY });
  });
});

describe("a bulkhead", () => {
  it("lets so many ahead, has so many wait in their order, and turns away the rest", () => {
    const bench = new Bench({ bulkhead: { concurrent: 2, queue: 2 } });
    const ids = [1, 2, 3, 4, 5].map(() => bench.request());
    expect(bench.admitted).toEqual([1, 2]);
    expect(bench.waiting).toEqual([3, 4]);
    expect(bench.rejected.get(ids[4]!)).toMatchObject({
      code: "bulkhead-full",
      outcome: "rejected",
      details: { agent: "oracle", concurrent: 2, queue: 2 },
    });
    bench.settle(2, "failed");
    expect(bench.admitted).toEqual([1, 2, 3]);
    bench.do({ type: "released", ticket: bench.tickets.get(1)!, hasBegun: true });
    expect(bench.admitted).toEqual([1, 2, 3, 4]);
  });

  it("keeps the place of a call whose code is still running until it has ended", () => {
    const bench = new Bench({ bulkhead: { concurrent: 1 } });
    bench.request();
    bench.request();
    bench.settle(1, "unknown", { isRunning: true });
    expect(bench.admitted).toEqual([1]);
    bench.do({ type: "ended", ticket: bench.tickets.get(1)! });
    expect(bench.admitted).toEqual([1, 2]);
  });

  it("forgets who gave up", () => {
    const bench = new Bench({ bulkhead: { concurrent: 1 } });
    for (let n = 1; n <= 3; n++) bench.request();
    bench.do({ type: "abandoned", id: 2 });
    bench.do({ type: "abandoned", id: 99 });
    bench.settle(1);
    expect(bench.admitted).toEqual([1, 3]);
  });
});

describe("rate limits", () => {
  it("let calls wait for their turn, and say when to look again", () => {
    const bench = new Bench({ rateLimits: [{ requests: 2, period: 100 }] });
    bench.request();
    bench.now = 30;
    for (let n = 2; n <= 4; n++) bench.request();
    expect(bench.waiting).toEqual([3, 4]);
    expect(bench.state.wakeAt).toBe(100);
    bench.now = 100;
    bench.do({ type: "tick" });
    expect(bench.waiting).toEqual([4]);
    expect(bench.state.wakeAt).toBe(130);
    bench.now = 130;
    bench.do({ type: "tick" });
    expect(bench.admitted).toEqual([1, 2, 3, 4]);
    expect(bench.state.wakeAt).toBe(Number.POSITIVE_INFINITY);
  });

  it("can reject, and say when to try again", () => {
    const bench = new Bench({ rateLimits: [{ requests: 1, period: 100, onExceeded: "reject" }] });
    bench.request();
    bench.now = 40;
    expect(bench.rejected.get(bench.request("bob"))).toMatchObject({
      code: "rate-limited",
      outcome: "rejected",
      message: "the agent oracle may use 1 request in 100 ms for all callers; try again in 60 ms",
      details: {
        agent: "oracle",
        caller: "bob",
        measure: "requests",
        max: 1,
        period: 100,
        per: "agent",
        retryAfter: 60,
      },
    });
  });

  it("turn away a call that doesn't fit into the queue", () => {
    const bench = new Bench({ rateLimits: [{ requests: 1, period: 100, queue: 2 }] });
    for (let n = 1; n <= 4; n++) bench.request();
    expect(bench.waiting).toEqual([2, 3]);
    expect(bench.rejected.get(4)).toMatchObject({ code: "rate-limited", details: { retryAfter: 100 } });
    expect(bench.rejected.get(4)?.message).toContain("2 calls wait for it already");
  });

  it("hold back the caller that is over its own, and no other", () => {
    const bench = new Bench({
      rateLimits: [
        { requests: 1, period: 100, per: "caller" },
        { requests: 3, period: 100 },
      ],
    });
    for (const caller of ["anna", "anna", "anna", "bob", "carl", "dora"]) bench.request(caller);
    expect(bench.admitted).toEqual([1, 4, 5]);
    expect(bench.waiting).toEqual([2, 3, 6]);
    bench.now = 100;
    bench.do({ type: "tick" });
    expect(bench.admitted).toEqual([1, 4, 5, 2, 6]);
    expect(bench.waiting).toEqual([3]);
  });

  it("are decided by the strictest", () => {
    const strictest = { requests: 1, period: 1_000, onExceeded: "reject" } as const;
    const bench = new Bench({ rateLimits: [{ requests: 5, period: 100 }, strictest, { requests: 1, period: 200 }] });
    bench.request();
    expect(bench.rejected.get(bench.request())).toMatchObject({ details: { period: 1_000, retryAfter: 1_000 } });
    bench.now = 500;
    expect(bench.codeOf(bench.request())).toBe("rate-limited");
    const both = new Bench({
      rateLimits: [
        { requests: 1, period: 100 },
        { requests: 1, period: 1_000 },
      ],
    });
    both.request();
    both.request();
    expect(both.state.wakeAt).toBe(1_000);
  });

  it("that reject count the calls that wait for the bulkhead, so that no call waits in vain", () => {
    const bench = new Bench({
      bulkhead: { concurrent: 1 },
      rateLimits: [{ requests: 3, period: 1_000, onExceeded: "reject" }],
    });
    for (let n = 1; n <= 4; n++) bench.request();
    expect(bench.waiting).toEqual([2, 3]);
    expect(bench.codeOf(4)).toBe("rate-limited");
    bench.settle(1);
    bench.settle(2);
    expect(bench.admitted).toEqual([1, 2, 3]);
  });

  it("let no call ahead before the time that an error says to wait for", () => {
    const bench = new Bench({ rateLimits: [{ requests: 10, period: 100 }] });
    const first = bench.request();
    bench.settle(first, "failed", { retryAfter: 500 });
    bench.request();
    bench.request("bob");
    expect(bench.waiting).toEqual([2, 3]);
    expect(bench.state.wakeAt).toBe(500);
    bench.now = 500;
    bench.do({ type: "tick" });
    expect(bench.admitted).toEqual([1, 2, 3]);
  });

  it("that reject have calls wait for such a time, and reject what is over them by then", () => {
    const bench = new Bench({ rateLimits: [{ tokens: 100, period: 1_000, onExceeded: "reject" }] });
    const [first, second] = [bench.request("anna", 10), bench.request("anna", 10)];
    bench.settle(first, "failed", { retryAfter: 500 });
    bench.request("anna", 10);
    bench.request("bob", 90);
    expect(bench.waiting).toEqual([3]);
    expect(bench.codeOf(4)).toBe("rate-limited");
    bench.request("bob", 10);
    bench.settle(second, "ok", { tokens: 85 });
    expect(bench.waiting).toEqual([3, 5]);
    bench.now = 500;
    bench.do({ type: "tick" });
    expect(bench.admitted).toEqual([1, 2, 3]);
    expect(bench.rejected.get(5)).toMatchObject({ code: "rate-limited", details: { queue: 0 } });
  });

  it("on tokens reserve what was estimated, and count what was used", () => {
    const bench = new Bench({ rateLimits: [{ tokens: 100, period: 1_000 }] });
    bench.request("anna", 60);
    bench.request("anna", 50);
    bench.request("anna", 1);
    expect(bench.admitted).toEqual([1]);
    expect(bench.state.wakeAt).toBe(Number.POSITIVE_INFINITY);
    bench.now = 10;
    bench.settle(1, "ok", { tokens: 20 });
    expect(bench.admitted).toEqual([1, 2, 3]);
    expect(bench.codeOf(bench.request("anna", 101))).toBe("rate-limited");
    expect(bench.rejected.get(4)?.message).toContain("it can never go ahead");
    expect(bench.rejected.get(4)?.details).not.toHaveProperty("retryAfter");
  });
});

describe("a limit on requests of an agent that estimates its tokens", () => {
  it("says when to try again, and not that the call's tokens are too many for it", () => {
    const bench = new Bench({ rateLimits: [{ requests: 2, period: 1_000, onExceeded: "reject" }] });
    for (let n = 0; n < 3; n++) bench.request("anna", 500);
    expect(bench.rejected.get(3)?.message).toBe(
      "the agent oracle may use 2 requests in 1000 ms for all callers; try again in 1000 ms",
    );
    expect(bench.rejected.get(3)?.details).toMatchObject({ measure: "requests", retryAfter: 1_000 });
  });
});

describe("the order of the policies", () => {
  const all: PolicyOptions = {
    breaker: { consecutiveFailures: 1, probes: 1, openFor: { first: 50, jitter: 0 } },
    rateLimits: [{ requests: 2, period: 1_000, queue: 1 }],
    bulkhead: { concurrent: 1, queue: 1 },
  };

  it("has the breaker look first: what it turns away uses up nothing and waits for nothing", () => {
    const bench = new Bench(all);
    bench.settle(bench.request(), "failed");
    for (let n = 0; n < 10; n++) expect(bench.codeOf(bench.request())).toBe("breaker-open");
    bench.now = 50;
    expect(bench.codeOf(bench.request())).toBeUndefined();
    expect(bench.admitted).toEqual([1, 12]);
  });

  it("has the rate limits look before the bulkhead", () => {
    const bench = new Bench({ ...all, breaker: false });
    bench.request();
    bench.settle(1);
    bench.request();
    bench.request();
    expect(bench.state.waiting).toMatchObject([{ id: 3, waitsFor: 0 }]);
    expect(bench.codeOf(bench.request())).toBe("rate-limited");
  });

  it("turns away at once the calls that wait when the breaker opens", () => {
    const bench = new Bench({ ...all, rateLimits: [] });
    bench.request();
    bench.request();
    bench.settle(1, "failed");
    expect(bench.codeOf(2)).toBe("breaker-open");
    expect(bench.state.waiting).toEqual([]);
  });

  it("takes a probe's place only when the call goes ahead", () => {
    const bench = new Bench({ ...all, bulkhead: { concurrent: 5 }, rateLimits: [{ requests: 1, period: 1_000 }] });
    bench.settle(bench.request(), "failed");
    bench.now = 50;
    const [first, second] = [bench.request(), bench.request()];
    expect(bench.waiting).toEqual([first, second]);
    expect(bench.state.breaker).toMatchObject({ status: "half-open", probes: [] });
    bench.now = 1_000;
    bench.do({ type: "tick" });
    expect(bench.admitted).toEqual([1, first]);
    bench.now = 2_000;
    bench.do({ type: "tick" });
    expect(bench.codeOf(second)).toBe("breaker-open");
  });

  it("needs no permit where there is none", () => {
    const isOpen = (options: PolicyOptions): boolean => isAlwaysOpen(resolvePolicies("test", options));
    expect(isOpen({ breaker: false, retry: { attempts: 3 }, timeout: 5 })).toBe(true);
    expect([{}, { ...all, breaker: false }, { breaker: false, bulkhead: { concurrent: 1 } }].some(isOpen)).toBe(false);
  });

  it("has a breaker that is off let everything pass", () => {
    const bench = new Bench({ breaker: false });
    for (let n = 0; n < 50; n++) bench.settle(bench.request(), "failed");
    expect(bench.admitted).toHaveLength(50);
  });
});
