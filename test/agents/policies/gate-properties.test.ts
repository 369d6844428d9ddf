/** Invariants 6 and 7 of the gate, whatever its policies and whatever comes in which order. */

import { strict as assert } from "node:assert";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type GateEvent, type GateState, newGate, stepGate, type Ticket } from "../../../src/agents/policies/gate.ts";
import type { CallOutcome } from "../../../src/agents/policies/permit.ts";
import { type PolicyOptions, resolvePolicies } from "../../../src/agents/policies/policies.ts";
import { quickExpect } from "../../quick-expect.ts";

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });

const limit = fc
  .record({
    requests: maybe(fc.integer({ min: 1, max: 5 })),
    tokens: maybe(fc.integer({ min: 5, max: 60 })),
    period: fc.integer({ min: 10, max: 200 }),
    per: fc.constantFrom("agent" as const, "caller" as const, "tenant" as const),
    queue: fc.integer({ min: 0, max: 4 }),
  })
  .filter(({ requests, tokens }) => (requests ?? tokens) !== undefined)
  .map(({ queue, ...given }) => ({ ...given, ...(queue === 0 ? { onExceeded: "reject" as const } : { queue }) }));

const policies = fc.record({
  breaker: fc.oneof(
    fc.constant(false as const),
    fc.record({
      consecutiveFailures: fc.integer({ min: 1, max: 4 }),
      minimumCalls: fc.integer({ min: 1, max: 8 }),
      window: fc.constant(200),
      probes: fc.integer({ min: 1, max: 3 }),
      slowAfter: fc.constantFrom(30, 1_000),
      openFor: fc.constant({ first: 20, factor: 2, max: 100 }),
    }),
  ),
  bulkhead: maybe(
    fc.record(
      {
        concurrent: fc.integer({ min: 1, max: 4 }),
        perTenant: fc.integer({ min: 1, max: 3 }),
        queue: fc.integer({ min: 0, max: 5 }),
      },
      { requiredKeys: ["concurrent", "queue"] },
    ),
  ),
  rateLimits: fc.array(limit, { maxLength: 3 }),
});

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("request" as const),
      caller: fc.constantFrom("anna", "bob", "carl"),
      tenant: fc.constantFrom(undefined, "acme", "umbra"),
      tokens: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 30 })),
    }),
  },
  { weight: 5, arbitrary: fc.record({ type: fc.constant("begin" as const), pick: fc.nat(100) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant("settle" as const),
      pick: fc.nat(100),
      outcome: fc.constantFrom<CallOutcome>("ok", "ok", "ok", "failed", "unknown", "lost", "excused"),
      /** Of the estimate. */
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      isRunning: fc.boolean(),
      retryAfter: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 150 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("release" as const), pick: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("end" as const), pick: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("abandon" as const), pick: fc.nat(100) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 60 }) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

interface Fate {
  /** In the order of all ends. */
  end: "admitted" | "rejected" | "abandoned" | undefined;
}

/** Drives a gate as a shell would: wakes it when it wants to be, and remembers all that it said. */
class Drive {
  now = 0;
  state: GateState;
  readonly fates = new Map<number, Fate>();
  readonly admissions: { readonly ticket: Ticket; readonly at: number }[] = [];
  /** When calls began that were let ahead; what limits count. */
  readonly beginnings: { readonly ticket: Ticket; readonly at: number }[] = [];
  readonly begun = new Set<Ticket>();
  readonly holding: Ticket[] = [];
  readonly stillRunning: Ticket[] = [];
  /** Until then no call goes ahead through a rate limit. */
  heldUntil = 0;
  readonly policies;
  readonly given: PolicyOptions;
  #last = 0;

  constructor(given: PolicyOptions) {
    this.given = given;
    const { breaker, bulkhead, rateLimits } = resolvePolicies("test", given);
    this.policies = { agent: "oracle", breaker, bulkhead, rateLimits };
    this.state = newGate(this.policies);
  }

  take(taken: Step): void {
    switch (taken.type) {
      case "request": {
        const { caller, tenant, tokens } = taken;
        const call = { id: ++this.#last, caller, tenant, tokens };
        this.fates.set(call.id, { end: undefined });
        return this.send({ type: "request", call });
      }
      case "begin": {
        const { [taken.pick % Math.max(1, this.holding.length)]: ticket } = this.holding;
        return ticket && this.begin(ticket);
      }
      case "settle": {
        const ticket = pickFrom(this.holding, taken.pick);
        if (ticket === undefined) return undefined;
        const { outcome, isRunning } = taken;
        const tokens = Math.floor(ticket.tokens * taken.share);
        if (isRunning) this.stillRunning.push(ticket);
        const took = this.now - ticket.began;
        const hasBegun = this.begun.has(ticket);
        this.heldUntil = Math.max(this.heldUntil, this.now + taken.retryAfter);
        const how = { outcome, took, tokens, error: "boom", retryAfter: taken.retryAfter, isRunning };
        return this.send({ type: "settled", ticket, hasBegun, ...how });
      }
      case "release": {
        const ticket = pickFrom(this.holding, taken.pick);
        return ticket && this.send({ type: "released", ticket, hasBegun: this.begun.has(ticket) });
      }
      case "end": {
        const ticket = pickFrom(this.stillRunning, taken.pick);
        return ticket && this.send({ type: "ended", ticket });
      }
      case "abandon": {
        const { id } = this.state.waiting[taken.pick % Math.max(1, this.state.waiting.length)] ?? {};
        if (id === undefined) return undefined;
        this.#endOf(id, "abandoned");
        return this.send({ type: "abandoned", id });
      }
      case "wait":
        return this.waitUntil(this.now + taken.ms);
    }
  }

  begin(ticket: Ticket): void {
    if (this.begun.has(ticket)) return;
    this.begun.add(ticket);
    this.beginnings.push({ ticket, at: this.now });
    this.send({ type: "begun", ticket });
  }

  waitUntil(time: number): void {
    while (this.state.wakeAt <= time) {
      this.now = Math.max(this.now, this.state.wakeAt);
      this.send({ type: "tick" });
    }
    this.now = time;
  }

  /** Ends all that is in flight, and lets time pass until no call waits. */
  drain(): void {
    for (let n = 0; this.state.waiting.length + this.holding.length + this.stillRunning.length > 0; n++) {
      if (n > 10_000) throw new Error(`a call waits for ever: ${JSON.stringify(this.state.waiting)}`);
      for (let [ticket] = this.holding; ticket !== undefined; [ticket] = this.holding) {
        this.begin(ticket);
        this.holding.shift();
        const end = { outcome: "ok", took: 1, tokens: 0, error: "", retryAfter: 0, isRunning: false } as const;
        this.send({ type: "settled", ticket, hasBegun: true, ...end });
      }
      for (let ticket = this.stillRunning.pop(); ticket !== undefined; ticket = this.stillRunning.pop())
        this.send({ type: "ended", ticket });
      if (this.state.waiting.length > 0 && this.holding.length === 0) {
        if (this.state.wakeAt === Number.POSITIVE_INFINITY)
          throw new Error("no wake-up is due for the calls that wait");
        this.waitUntil(this.state.wakeAt);
      }
    }
  }

  send(event: GateEvent): void {
    const [state, effects] = stepGate(this.policies, this.state, event, this.now, () => 0.5);
    const before = this.state;
    this.state = state;
    for (const effect of effects) {
      if (effect.type === "reject") this.#endOf(effect.id, "rejected");
      if (effect.type !== "admit") continue;
      if (this.policies.rateLimits.length > 0) assert.ok(this.now >= this.heldUntil);
      this.#endOf(effect.ticket.id, "admitted");
      this.admissions.push({ ticket: effect.ticket, at: this.now });
      this.holding.push(effect.ticket);
    }
    assert.deepEqual(before, this.#copyBefore ?? before); // a step changes nothing of what it was given
    this.#copyBefore = structuredClone(state);
    this.#check();
  }

  #copyBefore: GateState | undefined;

  #endOf(id: number, end: Fate["end"]): void {
    const fate = this.fates.get(id)!;
    assert.equal(fate.end, undefined);
    fate.end = end;
  }

  #check(): void {
    const { state, given } = this;
    const running = [...this.holding, ...this.stillRunning];
    assert.equal(state.inFlight, running.length);
    const {
      concurrent = Number.POSITIVE_INFINITY,
      perTenant = concurrent,
      queue: ofBulkhead = 0,
    } = given.bulkhead ?? {};
    assert.ok(running.length <= concurrent);
    for (const tenant of tenants) assert.ok(running.filter((ticket) => ticket.tenant === tenant).length <= perTenant);
    const queues = this.policies.rateLimits.map(({ per, queue }) => (per === "agent" ? queue : 3 * queue));
    const places = queues.reduce(
      (sum, queue) => sum + queue,
      (given.bulkhead?.perTenant === undefined ? 1 : 4) * ofBulkhead,
    );
    const paused = state.waiting.filter(({ placeOf }) => placeOf === "pause");
    if (paused.length > 0) assert.ok(this.policies.rateLimits.every(({ queue }) => queue === 0));
    assert.ok(state.waiting.length - paused.length <= places);
    assert.deepEqual(
      state.waiting.map(({ id }) => id),
      [...this.fates].filter(([, { end }]) => end === undefined).map(([id]) => id),
    );
    if (state.breaker.status === "half-open" && given.breaker !== false) {
      const { generation } = state.breaker;
      const probes = this.holding.filter((ticket) => ticket.generation === generation).length;
      assert.ok(probes + state.breaker.succeeded <= (given.breaker?.probes ?? 3));
    }
    if (state.breaker.status === "open") assert.deepEqual(state.waiting, []);
  }
}

const tenants = [undefined, "acme", "umbra"] as const;

function pickFrom<T>(all: T[], pick: number): T | undefined {
  return all.length === 0 ? undefined : all.splice(pick % all.length, 1)[0];
}

function windowsHold({ policies: { rateLimits }, beginnings }: Drive): void {
  for (const { measure, max, period, per } of rateLimits.filter(({ measure: of }) => of === "requests")) {
    expect(measure).toBe("requests");
    const scopeOf = ({ caller, tenant }: Ticket) => ({ agent: "all", caller, tenant })[per];
    for (const scope of new Set(beginnings.map(({ ticket }) => scopeOf(ticket)))) {
      const times = beginnings.filter(({ ticket }) => scopeOf(ticket) === scope).map(({ at }) => at);
      for (let n = max; n < times.length; n++) quickExpect(times[n]! - times[n - max]!).toBeGreaterThanOrEqual(period);
    }
  }
}

/** All calls are in order, but for those of other callers, where there is a limit per caller; and so for tenants. */
function inOrder({ policies: { rateLimits, bulkhead }, admissions }: Drive): void {
  const isPerCaller = rateLimits.some(({ per }) => per === "caller");
  const isPerTenant = bulkhead?.perTenant !== undefined || rateLimits.some(({ per }) => per === "tenant");
  const lineOf = ({ caller, tenant }: Ticket) => `${isPerCaller ? caller : ""}/${isPerTenant ? tenant : ""}`;
  for (const line of new Set(admissions.map(({ ticket }) => lineOf(ticket)))) {
    const ids = admissions.flatMap(({ ticket }) => (lineOf(ticket) === line ? [ticket.id] : []));
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
  }
}

const alone = fc.record({
  breaker: fc.constant(false as const),
  bulkhead: fc.record({
    concurrent: fc.constant(1_000),
    perTenant: fc.integer({ min: 1, max: 3 }),
    queue: fc.integer({ min: 0, max: 4 }),
  }),
  rateLimits: fc.array(
    limit.map((given) => ({ ...given, per: "tenant" as const })),
    { maxLength: 2 },
  ),
});

const ofTenant = fc.record({
  tenant: fc.constantFrom("acme" as const, "umbra" as const, "umbra" as const, "umbra" as const),
  what: fc.constantFrom("request" as const, "request" as const, "end" as const),
  tokens: fc.integer({ min: 0, max: 30 }),
  after: fc.integer({ min: 0, max: 20 }),
});

type TenantStep = typeof ofTenant extends fc.Arbitrary<infer S> ? S : never;

/** When each call of the tenant acme went ahead, in the order of its calls: those that were rejected never did. */
function outcomes(given: PolicyOptions, steps: readonly TenantStep[]) {
  const drive = new Drive(given);
  const ids: number[] = [];
  for (const { tenant, what, tokens, after } of steps) {
    drive.waitUntil(drive.now + after);
    if (what === "request") {
      drive.take({ type: "request", caller: "anna", tenant, tokens });
      if (tenant === "acme") ids.push(drive.fates.size);
    } else {
      const pick = drive.holding.findIndex((ticket) => ticket.tenant === tenant);
      if (pick === -1) continue;
      drive.take({ type: "begin", pick });
      drive.take({ type: "settle", pick, outcome: "ok", share: 1, isRunning: false, retryAfter: 0 });
    }
  }
  return ids.map((id) => drive.admissions.find(({ ticket }) => ticket.id === id)?.at ?? drive.fates.get(id)?.end);
}

describe("a gate, whatever its policies", () => {
  it("ends every call once, keeps all limits at all times, lets calls ahead in order, and no call waits for ever", () => {
    const seen = { admitted: 0, rejected: 0, abandoned: 0, waited: 0, halfOpen: 0 };
    fc.assert(
      fc.property(policies, fc.array(step, { maxLength: 120, size: "max" }), (given, steps) => {
        const drive = new Drive(given as PolicyOptions);
        for (const one of steps) {
          drive.take(one);
          seen.waited += drive.state.waiting.length;
          if (drive.state.breaker.status === "half-open") seen.halfOpen++;
        }
        drive.drain();
        for (const { end } of drive.fates.values()) {
          expect(end).toBeDefined();
          seen[end!]++;
        }
        windowsHold(drive);
        inOrder(drive);
      }),
      {
        numRuns: 1_000,
        examples: [
          // a call that had waited for its limit and went on waiting for the bulkhead gave its place in the queue away
          [
            {
              breaker: false,
              bulkhead: { concurrent: 1, queue: 0 },
              rateLimits: [{ requests: 1, tokens: undefined, period: 10, per: "agent", queue: 1 }],
            },
            [
              { type: "request", caller: "anna", tenant: undefined, tokens: 1 },
              { type: "request", caller: "anna", tenant: undefined, tokens: 1 },
              { type: "wait", ms: 10 },
              { type: "request", caller: "anna", tenant: undefined, tokens: 1 },
            ],
          ],
        ],
      },
    );
    for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(500);
  });

  it("does the same for a tenant whatever others do, where all limits are per tenant", () => {
    const seen = { admitted: 0, rejected: 0 };
    fc.assert(
      fc.property(alone, fc.array(ofTenant, { maxLength: 100, size: "max" }), (given, steps) => {
        const quiet = steps.map((one) => (one.tenant === "umbra" ? { ...one, what: "end" as const } : one));
        const flooded = outcomes(given as PolicyOptions, steps);
        expect(flooded).toEqual(outcomes(given as PolicyOptions, quiet));
        seen.rejected += flooded.filter((end) => end === "rejected").length;
        seen.admitted += flooded.filter((end) => typeof end === "number").length;
      }),
      { numRuns: 500 },
    );
    for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(500);
  });
});
