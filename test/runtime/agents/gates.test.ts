import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { type AgentDefinition, defineAgent } from "../../../src/agents/agent-definition.ts";
import type { BreakerState } from "../../../src/agents/policies/breaker.ts";
import { breakerFrom, breakerState, recordOf } from "../../../src/agents/policies/breaker-record.ts";
import type { Permit } from "../../../src/agents/policies/permit.ts";
import type { PolicyOptions } from "../../../src/agents/policies/policies.ts";
import { Gates } from "../../../src/runtime/agents/gates.ts";
import { AuthorityAccess } from "../../../src/store/authority/authority-access.ts";
import type { Journal } from "../../../src/store/journal/journal.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import { StoreAuthority } from "../../../src/store/authority/store-authority.ts";
import { StoreClient } from "../../../src/store/client/store-client.ts";
import { rejectionOf } from "../../fixtures/real-threads.ts";
import { FakeClock } from "../fake-clock.ts";

interface Sized {
  readonly size: number;
}

function agentOf(policies: PolicyOptions<Sized> = {}, module = "test:agents"): AgentDefinition {
  return defineAgent(module, {
    name: "oracle",
    version: "1.0.0",
    input: v.object({ size: v.number() }),
    output: v.number(),
    execute: ({ size }) => size,
    policies,
  });
}

function bench({ journal = memoryJournal(), clock = new FakeClock() }: { journal?: Journal; clock?: FakeClock } = {}) {
  const authority = new StoreAuthority({ journal, clock });
  const store = new AuthorityAccess(authority);
  const changes: (readonly [string, BreakerState["status"]])[] = [];
  const errors: unknown[] = [];
  const gates = new Gates({
    store,
    clock,
    random: { next: () => 0, id: () => "id" },
    onChange: (agent, { status }) => changes.push([agent, status]),
    tenantOf: () => undefined,
    onError: (error) => errors.push(error),
  });
  const client = new StoreClient(store, { author: "test" });
  const statuses = async (): Promise<string[]> =>
    (await client.history(breakerState, "oracle")).map(({ state: { status } }) => status);
  return { gates, client, changes, errors, clock, journal, statuses };
}

function now(permit: Permit | Promise<Permit>): Permit {
  if (permit instanceof Promise) throw new Error("it has to wait");
  return permit;
}

const shortFused: PolicyOptions<Sized> = { breaker: { consecutiveFailures: 1, probes: 1 } };

describe("the gates of a system", () => {
  it("admit synchronously while the store is in memory, and write nothing while nothing fails", async () => {
    const { gates, statuses } = bench();
    for (let n = 0; n < 10; n++) now(gates.admit(agentOf(), "anna")).settle("ok");
    await gates.close();
    expect(await statuses()).toEqual([]);
  });

  it("record each change of a breaker's status, with why and until when", async () => {
    const { gates, client, changes, clock } = bench();
    const agent = agentOf(shortFused);
    now(gates.admit(agent, "anna")).settle("failed", { error: new Error("boom") });
    clock.pass(5_000);
    now(gates.admit(agent, "anna")).settle("ok");
    await gates.close();
    expect(changes).toEqual([
      ["oracle", "open"],
      ["oracle", "half-open"],
      ["oracle", "closed"],
    ]);
    const history = await client.history(breakerState, "oracle");
    const why = { rule: "consecutive-failures", failures: 1, calls: 1, last: "boom" };
    expect(history.map(({ state }) => state)).toEqual([
      { status: "open", why, retryAt: 6_000, openings: 1 },
      { status: "half-open", why, retryAt: 6_000, openings: 1 },
      { status: "closed" },
    ]);
    expect(history.map(({ author }) => author)).toEqual(["0/gates", "0/gates", "0/gates"]);
  });

  it("find an open breaker open again after a restart, and go on from there", async () => {
    const clock = new FakeClock();
    const first = bench({ clock });
    const agent = agentOf(shortFused);
    now(first.gates.admit(agent, "anna")).settle("failed", { error: new Error("boom") });
    await first.gates.close();

    const second = bench({ clock, journal: first.journal });
    expect(() => second.gates.admit(agent, "anna")).toThrow(/is open, since a call failed, with: boom/);
    clock.pass(5_000);
    now(second.gates.admit(agent, "anna")).settle("failed", { error: new Error("still") });
    await second.gates.close();
    expect(await second.client.read(breakerState, "oracle")).toMatchObject({ openings: 2, retryAt: 16_000 });

    clock.pass(10_000);
    const third = bench({ clock, journal: first.journal });
    now(third.gates.admit(agent, "anna")); // a probe whose end is never reported
    await third.gates.close();
    const fourth = bench({ clock, journal: first.journal });
    now(fourth.gates.admit(agent, "anna")).settle("ok");
    await fourth.gates.close();
    expect(await fourth.client.read(breakerState, "oracle")).toEqual({ status: "closed" });
  });

  it("wait for a slow journal at first use only, and keep the order of the calls that came meanwhile", async () => {
    const { journal, release } = slowStart();
    const { gates } = bench({ journal });
    const agent = agentOf({ bulkhead: { concurrent: 1 } });
    const order: number[] = [];
    const permits = [1, 2, 3].map(async (n) => {
      const permit = await gates.admit(agent, "anna");
      order.push(n);
      permit.settle("ok");
    });
    release();
    await Promise.all(permits);
    expect(order).toEqual([1, 2, 3]);
    now(gates.admit(agent, "anna")).settle("ok");
  });

  it("go on when the breaker's state can't be read or recorded, and say so", async () => {
    const broken = (what: string) => () => Promise.reject(new Error(what));
    const { gates, errors } = bench({
      journal: { ...memoryJournal(), head: broken("can't read") },
    });
    (await gates.admit(agentOf(), "anna")).settle("ok");
    await gates.close();
    expect(errors).toMatchObject([{ message: "can't read" }]);

    const full = bench({ journal: { ...memoryJournal(), append: broken("disk full") } });
    now(full.gates.admit(agentOf(shortFused), "anna")).settle("failed");
    await full.gates.close();
    expect(full.errors).toHaveLength(1);
    expect(full.changes).toEqual([["oracle", "open"]]);
  });

  it("are one for all definitions of a name, and refuse one with other policies", () => {
    const { gates } = bench();
    gates.know(agentOf(shortFused, "test:here"));
    gates.know(agentOf(shortFused, "test:there"));
    now(gates.admit(agentOf(shortFused, "test:here"), "anna")).settle("failed");
    expect(() => gates.admit(agentOf(shortFused, "test:there"), "anna")).toThrow(/is open/);
    expect(() => gates.know(agentOf({}, "test:there"))).toThrow(
      expect.objectContaining({
        code: "invalid-options",
        details: { agent: "oracle", modules: ["test:here", "test:there"] },
      }),
    );
    const request = { agent: "nobody", call: 1, caller: "anna", tokens: 0, of: undefined };
    expect(() => gates.admitRemote(request, new AbortController().signal)).toThrow(/no agent nobody/);
  });

  it("estimate tokens by the input, and turn away what can't be estimated", () => {
    const { gates } = bench();
    const agent = agentOf({ rateLimits: [{ tokens: 100, onExceeded: "reject" }], estimateTokens: ({ size }) => size });
    now(gates.admit(agent, "anna", { input: { size: 60.5 } }));
    expect(() => gates.admit(agent, "anna", { input: { size: 40 } })).toThrow(/may use 100 tokens in 60000 ms/);
    now(gates.admit(agent, "anna", { input: { size: 39 } }));
    for (const size of [Number.NaN, -1, Number.POSITIVE_INFINITY])
      expect(() => gates.admit(agent, "anna", { input: { size } })).toThrow(/returned .*, not a number from 0/);
    expect(() => gates.admit(agent, "anna", {})).toThrow(
      expect.objectContaining({ code: "invalid-options", outcome: "rejected" }),
    );
  });

  it("turn away the calls that wait or come once they are closed", async () => {
    const { gates } = bench();
    const agent = agentOf({ bulkhead: { concurrent: 1 } });
    now(gates.admit(agent, "anna"));
    const waiting = gates.admit(agent, "anna") as Promise<Permit>;
    const closed = gates.close();
    expect(await rejectionOf(waiting)).toMatchObject({ code: "system-closed" });
    await closed;
    expect(() => gates.admit(agent, "anna")).toThrow(expect.objectContaining({ code: "system-closed" }));
  });
});

describe("the record of a breaker", () => {
  it("is refused by the schema when it is none", () => {
    const why = { rule: "probe-failed", failures: 1, calls: 1, last: "" };
    const isRecord = (value: unknown): boolean => v.is(breakerState.schema, value);
    expect(isRecord({ status: "closed" })).toBe(true);
    expect(isRecord({ status: "open", why, retryAt: 5, openings: 1 })).toBe(true);
    expect(isRecord({ status: "ajar", why, retryAt: 5, openings: 1 })).toBe(false);
    expect(isRecord({ status: "open", retryAt: 5, openings: 1 })).toBe(false);
    expect(isRecord({ status: "closed", why })).toBe(false);
  });

  it("keeps all of a breaker but its probes, which are unknown after a restart", () => {
    const why = { rule: "probe-failed", failures: 1, calls: 1, last: "boom" } as const;
    const open: BreakerState = { status: "open", generation: 0, why, retryAt: 50, openings: 3 };
    const dated =
      (present: number) =>
      (at = present) =>
        at + 3_600_000;
    const undated = (time: number): number => time - 3_600_000;
    expect(recordOf(open, dated(10))).toMatchObject({ retryAt: 3_600_050 });
    expect(breakerFrom(recordOf(open, dated(10)), undated)).toEqual(open);
    const half: BreakerState = { status: "half-open", generation: 4, why, openings: 3, probes: [7], succeeded: 1 };
    expect(breakerFrom(recordOf(half, dated(60)), undated)).toEqual({ ...open, retryAt: 60 });
  });
});

/** A journal whose reads wait until they are released. */
function slowStart(): { journal: Journal; release(): void } {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const journal = memoryJournal();
  return {
    journal: { ...journal, head: (key: string) => released.then(() => journal.head(key)) },
    release: () => release(),
  };
}
