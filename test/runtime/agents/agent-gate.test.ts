import { describe, expect, it } from "vitest";
import type { BreakerState } from "../../../src/agents/policies/breaker.ts";
import type { CallOutcome, Permit } from "../../../src/agents/policies/permit.ts";
import { type PolicyOptions, resolvePolicies } from "../../../src/agents/policies/policies.ts";
import { AgentGate } from "../../../src/runtime/agents/agent-gate.ts";
import { rejectionOf } from "../../fixtures/real-threads.ts";
import { FakeClock } from "../fake-clock.ts";

function bench(options: PolicyOptions, early = 0) {
  const clock = new FakeClock(early);
  const changes: BreakerState[] = [];
  const { breaker, bulkhead, rateLimits } = resolvePolicies("test", options);
  const gate = new AgentGate({
    policies: { agent: "oracle", breaker, bulkhead, rateLimits },
    breaker: undefined,
    clock,
    random: { next: () => 0, id: () => "id" },
    onBreakerChanged: (state) => changes.push(state),
  });
  /** Of a call that goes ahead at once. */
  const now = (caller = "anna"): Permit => {
    const permit = gate.admit({ caller, tenant: undefined, tokens: 0 });
    if (permit instanceof Promise) throw new Error("it has to wait");
    permit.begin();
    return permit;
  };
  const call = (outcome: CallOutcome): void => now().settle(outcome, { error: new Error("boom") });
  return { clock, gate, changes, now, call };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("the gate of an agent at work", () => {
  it("gives a permit without a promise where it can, and throws where it turns away", () => {
    const { call, now } = bench({ breaker: { consecutiveFailures: 2 } });
    call("failed");
    call("failed");
    expect(() => now()).toThrow(expect.objectContaining({ code: "breaker-open" }));
  });

  it("lets who waits ahead when a place gets free, in order", async () => {
    const { gate, now } = bench({ bulkhead: { concurrent: 1 } });
    const first = now();
    const order: string[] = [];
    const waiting = ["a", "b"].map(async (name) => {
      const permit = await gate.admit({ caller: name, tenant: undefined, tokens: 0 });
      order.push(name);
      permit.settle("ok");
    });
    await turn();
    expect(order).toEqual([]);
    first.settle("ok");
    await Promise.all(waiting);
    expect(order).toEqual(["a", "b"]);
  });

  it("wakes by its timer, also when that fires early, and leaves no timer behind", async () => {
    const { gate, now, clock } = bench({ rateLimits: [{ requests: 1, period: 100 }] }, 3);
    now();
    const [second, third] = [
      gate.admit({ caller: "anna", tenant: undefined, tokens: 0 }),
      gate.admit({ caller: "anna", tenant: undefined, tokens: 0 }),
    ];
    let admitted = 0;
    for (const one of [second, third]) {
      void (one as Promise<Permit>).then((permit) => {
        admitted++;
        permit.begin();
      });
    }
    clock.pass(99);
    await turn();
    expect(admitted).toBe(0);
    clock.pass(2);
    await turn();
    expect(admitted).toBe(1);
    clock.pass(100);
    await turn();
    expect(admitted).toBe(2);
    expect(clock.timers).toBe(0);
  });

  it("counts a permit's end once, whatever is done with it after", () => {
    const { now, call, changes } = bench({
      breaker: { consecutiveFailures: 3 },
      bulkhead: { concurrent: 1, queue: 0 },
    });
    const permit = now();
    permit.settle("failed");
    permit.settle("failed");
    permit.release();
    permit.release();
    call("failed");
    expect(changes).toEqual([]);
    const running = now();
    running.settle("unknown", { isRunning: true });
    expect(changes).toMatchObject([{ status: "open", why: { failures: 3 } }]);
    running.release();
    running.release();
  });

  it("keeps the place of a call that still runs, and gives it back once", () => {
    const { now } = bench({ bulkhead: { concurrent: 1, queue: 0 } });
    const running = now();
    running.settle("unknown", { isRunning: true });
    expect(() => now()).toThrow(expect.objectContaining({ code: "bulkhead-full" }));
    running.release();
    running.release();
    now();
    expect(() => now()).toThrow(expect.objectContaining({ code: "bulkhead-full" }));
  });

  it("takes the time since the permit where none is told, for slow calls", () => {
    const { now, clock, changes } = bench({ breaker: { consecutiveFailures: 1, slowAfter: 100 } });
    const told = now();
    const untold = now();
    clock.pass(200);
    told.settle("ok", { took: 50 });
    expect(changes).toEqual([]);
    untold.settle("ok");
    expect(changes).toMatchObject([{ status: "open", why: { last: "it took 200 ms, more than 100" } }]);
  });

  it("ends the wait of who gives up, and lets those behind move up", async () => {
    const { gate, now } = bench({ bulkhead: { concurrent: 1, queue: 2 } });
    const first = now();
    const abort = new AbortController();
    const second = gate.admit({ caller: "anna", tenant: undefined, tokens: 0 }, abort.signal) as Promise<Permit>;
    const third = gate.admit({ caller: "anna", tenant: undefined, tokens: 0 }) as Promise<Permit>;
    abort.abort(new Error("enough"));
    expect(await rejectionOf(second)).toMatchObject({
      code: "cancelled",
      outcome: "cancelled",
      cause: { message: "enough" },
    });
    first.settle("ok");
    expect(await third).toBeDefined();
    expect(() => gate.admit({ caller: "anna", tenant: undefined, tokens: 0 }, abort.signal)).toThrow(
      expect.objectContaining({ code: "cancelled" }),
    );
  });

  it("turns away all that wait when it is closed", async () => {
    const { gate, now, clock } = bench({ rateLimits: [{ requests: 1 }] });
    now();
    const waiting = gate.admit({ caller: "anna", tenant: undefined, tokens: 0 }) as Promise<Permit>;
    expect(clock.timers).toBe(1);
    gate.close(new Error("closed"));
    expect(await rejectionOf(waiting)).toMatchObject({ message: "closed" });
    expect(clock.timers).toBe(0);
  });
});
