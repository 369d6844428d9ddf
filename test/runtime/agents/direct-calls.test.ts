/** Direct asks of agents with their policies around them, on the simulator: any schedule, on virtual time. */

import { describe, expect, it } from "vitest";
import * as v from "valibot";
import type { AgentContext } from "../../../src/agents/agent-definition.ts";
import type { PolicyOptions } from "../../../src/agents/policies/policies.ts";
import { defineActor, defineAgent, defineState, isAskError, type SystemEvent } from "../../../src/index.ts";
import { simulate, type World } from "../../../src/testing/index.ts";

const Input = v.object({ label: v.string() });
type Input = v.InferOutput<typeof Input>;

const tally = defineState({
  name: "tally",
  version: 1,
  schema: v.object({ n: v.number() }),
  initial: () => ({ n: 0 }),
});

/** An agent that does as it is told, of a system of its own: what it notes is the scenario's. */
function agentOf(
  execute: (input: Input, context: AgentContext) => Promise<string>,
  policies: PolicyOptions<Input>,
  concurrency = 1,
) {
  return defineAgent("test:agents", {
    name: "oracle",
    version: "1.0.0",
    input: Input,
    output: v.string(),
    execute,
    policies,
    concurrency,
  });
}

const runs = 40;
const patiently = { timeout: Number.POSITIVE_INFINITY };
const schedules = (scenario: (world: World) => Promise<void>): Promise<unknown> => simulate(scenario, { runs });

/** What an ask came to: its reply, or the code and outcome of its error. */
async function outcomeOf(ask: Promise<string>): Promise<string> {
  try {
    return await ask;
  } catch (error) {
    return isAskError(error) ? `${error.code}/${error.outcome}` : String(error);
  }
}

describe("a direct ask of an agent", () => {
  it("is tried again as the retry policy says, under one idempotency key, and its commits are applied once", () =>
    schedules(async ({ system }) => {
      const tries: { readonly key: string; readonly at: number }[] = [];
      const agent = agentOf(
        async (_input, context) => {
          tries.push({ key: context.idempotencyKey, at: context.now() });
          await context.commit(tally, "one", (draft) => void draft.n++);
          if (tries.length < 3) throw new Error(`no ${tries.length}`);
          return "at last";
        },
        { retry: { attempts: 4, backoff: { first: 100, jitter: 0 } } },
      );
      const ref = await system.spawn(agent, { placement: { thread: 1 } });
      expect(await ref.ask("execute", { label: "a" }, patiently)).toBe("at last");
      expect(tries).toHaveLength(3);
      expect(new Set(tries.map(({ key }) => key)).size).toBe(1);
      expect(tries[1]!.at - tries[0]!.at).toBeGreaterThanOrEqual(100);
      expect(tries[2]!.at - tries[1]!.at).toBeGreaterThanOrEqual(200);
      expect(await system.store.read(tally, "one")).toEqual({ n: 1 });
    }));

  it("fails with the last error when all attempts have, and isn't tried for errors that the policy leaves out", () =>
    schedules(async ({ system }) => {
      let tries = 0;
      const agent = agentOf(
        async ({ label }) => {
          tries++;
          throw Object.assign(new Error(`no ${tries}`), { code: label });
        },
        { retry: { attempts: 3, backoff: { first: 1 }, errors: "TRANSIENT" } },
      );
      const ref = await system.spawn(agent);
      const error: unknown = await ref.ask("execute", { label: "TRANSIENT" }, patiently).catch((e: unknown) => e);
      expect(error).toMatchObject({ code: "handler-failed", outcome: "failed", cause: { message: "no 3" } });
      expect(await outcomeOf(ref.ask("execute", { label: "FINAL" }, patiently))).toBe("handler-failed/failed");
      expect(tries).toBe(4);
    }));

  it("isn't tried again once its asker has stopped waiting, or its agent was stopped", () =>
    schedules(async ({ system, sleep }) => {
      let tries = 0;
      const agent = agentOf(
        async () => {
          tries++;
          throw new Error("no");
        },
        { retry: { attempts: 10, backoff: { first: 1_000, factor: 1, jitter: 0 } }, breaker: false },
      );
      const ref = await system.spawn(agent);
      expect(await outcomeOf(ref.ask("execute", { label: "a" }, { timeout: 1_500 }))).toMatch(
        /timed-out|handler-failed/,
      );
      await sleep(20_000);
      expect(tries).toBe(2);
      const asked = outcomeOf(ref.ask("execute", { label: "b" }, patiently));
      await sleep(500);
      await system.stop(ref);
      expect(await asked).toBe("handler-failed/failed");
      expect(tries).toBe(3);
    }));

  it("that takes longer than its timeout aborts its signal and is told that the outcome is unknown", () =>
    schedules(async ({ system, sleep }) => {
      const notes: string[] = [];
      const agent = agentOf(
        async ({ label }, context) => {
          notes.push(`begin ${label}`);
          if (label !== "quick") {
            await new Promise<void>((resolve) => context.signal.addEventListener("abort", () => resolve()));
            notes.push(`told ${String((context.signal.reason as { code?: string }).code)}`);
          }
          if (label === "stubborn") await sleep(700); // it looks at no signal
          notes.push(`end ${label}`);
          return label;
        },
        { timeout: 200 },
      );
      const ref = await system.spawn(agent, { placement: { thread: 2 } });
      const slow = await ref.ask("execute", { label: "stubborn" }, patiently).catch((error: unknown) => error);
      expect(slow).toMatchObject({
        code: "timed-out",
        outcome: "timed-out",
        message: "a direct call of the agent oracle did not end within 200 ms; it may have had effects, or may still",
      });
      expect(notes).not.toContain("end stubborn");
      // one at a time (invariant 2): the next call waits for the code that is still running
      expect(await ref.ask("execute", { label: "quick" }, patiently)).toBe("quick");
      expect(notes).toEqual(["begin stubborn", "told timed-out", "end stubborn", "begin quick", "end quick"]);
    }));

  it("that timed out is tried again where the policy says so", () =>
    schedules(async ({ system }) => {
      let tries = 0;
      const agent = agentOf(
        async (_input, context) => {
          if (++tries === 1) await context.sleep(10_000);
          return `after ${tries}`;
        },
        { timeout: 100, retry: { attempts: 2, errors: "timed-out" } },
      );
      const ref = await system.spawn(agent);
      expect(await ref.ask("execute", { label: "a" }, patiently)).toBe("after 2");
    }));

  it("is rejected without touching the agent while the breaker is open, which is no failure of the actor", () =>
    schedules(async ({ system }) => {
      let tries = 0;
      const events: SystemEvent[] = [];
      system.events$.subscribe((event) => void events.push(event));
      const agent = agentOf(
        async () => {
          tries++;
          throw new Error("no");
        },
        { breaker: { consecutiveFailures: 2, openFor: { first: 1_000_000 }, counts: () => true } },
      );
      const refs = await Promise.all([1, 2, 0].map((thread) => system.spawn(agent, { placement: { thread } })));
      const outcomes: string[] = [];
      for (let n = 0; n < 6; n++)
        outcomes.push(await outcomeOf(refs[n % 3]!.ask("execute", { label: "a" }, patiently)));
      expect(outcomes.slice(0, 2)).toEqual(["handler-failed/failed", "handler-failed/failed"]);
      expect(outcomes.slice(2)).toEqual(Array.from({ length: 4 }, () => "breaker-open/rejected"));
      expect(tries).toBe(2);
      expect(events.filter(({ type }) => type === "actor-failed")).toHaveLength(2);
      expect(events.filter(({ type }) => type.startsWith("breaker"))).toMatchObject([
        { type: "breaker-opened", agent: "oracle", why: "2 calls in a row failed, the last of them with: no" },
      ]);
    }));

  it("that ran before it was turned away is failed, with what it failed with as the cause", () =>
    schedules(async ({ system }) => {
      const agent = agentOf(
        async () => {
          throw new Error("no");
        },
        { breaker: { consecutiveFailures: 1, counts: () => true }, retry: { attempts: 3, backoff: { first: 10 } } },
      );
      const ref = await system.spawn(agent, { placement: { thread: 1 } });
      const error: unknown = await ref.ask("execute", { label: "a" }, patiently).catch((e: unknown) => e);
      expect(error).toMatchObject({ code: "breaker-open", outcome: "failed", cause: { message: "no" } });
    }));

  it("that was only told is a dead letter when it is turned away", () =>
    schedules(async ({ system, sleep }) => {
      const letters: string[] = [];
      system.deadLetters$.subscribe(({ reason, detail }) => letters.push(`${reason}: ${detail}`));
      const agent = agentOf(async ({ label }) => label, {
        rateLimits: [{ requests: 1, period: 1_000_000, onExceeded: "reject" }],
      });
      const ref = await system.spawn(agent, { placement: { thread: 1 } });
      await ref.tell("execute", { label: "a" });
      await ref.tell("execute", { label: "b" });
      await sleep(1_000);
      expect(letters).toHaveLength(1);
      expect(letters[0]).toMatch(/^rejected: the agent oracle may use 1 request in 1000000 ms/);
    }));

  it("waits for tokens that were used to leave the period", () =>
    schedules(async ({ system, now }) => {
      const agent = agentOf(
        async ({ label }, context) => {
          context.useTokens(60);
          context.useTokens(40);
          expect(() => context.useTokens(-1)).toThrow(/a whole number from 0, not -1/);
          expect(() => context.useTokens(0.5)).toThrow(expect.objectContaining({ code: "invalid-options" }));
          return label;
        },
        { rateLimits: [{ tokens: 100, period: 30_000 }] },
      );
      const ref = await system.spawn(agent, { placement: { thread: 1 } });
      await ref.ask("execute", { label: "a" }, patiently);
      const between = now();
      await ref.ask("execute", { label: "b" }, patiently);
      expect(now() - between).toBeGreaterThan(29_000);
    }));

  it("needs no gate where no policy is in the way, and still has its retries and its timeout", () =>
    schedules(async ({ system }) => {
      let tries = 0;
      const agent = agentOf(
        async (_input, context) => {
          if (++tries === 1) throw new Error("no");
          if (tries === 2) await context.sleep(10_000);
          return `after ${tries}`;
        },
        { breaker: false, retry: { attempts: 3 }, timeout: 50 },
      );
      const ref = await system.spawn(agent, { placement: { thread: 1 } });
      expect(await ref.ask("execute", { label: "a" }, patiently)).toBe("after 3");
    }));

  it("is counted by its caller: the asking actor, or outside", () =>
    schedules(async ({ system }) => {
      const agent = agentOf(async ({ label }) => label, {
        rateLimits: [{ requests: 1, period: 60_000, per: "caller", onExceeded: "reject" }],
      });
      const asker = defineActor("test:agents", {
        name: "asker",
        protocol: { ask: { input: v.object({ whom: v.any() }), reply: v.string() } },
        on: {
          ask: async (_draft, { whom }) =>
            outcomeOf((whom as { ask(...given: unknown[]): Promise<string> }).ask("execute", { label: "by an actor" })),
        },
      });
      const whom = await system.spawn(agent, { placement: { thread: 2 } });
      const actors = [await system.spawn(asker, { placement: { thread: 1 } }), await system.spawn(asker)];
      for (const actor of actors) {
        expect(await actor.ask("ask", { whom }, patiently)).toBe("by an actor");
        expect(await actor.ask("ask", { whom }, patiently)).toBe("rate-limited/rejected");
      }
      expect(await outcomeOf(whom.ask("execute", { label: "by nobody" }, patiently))).toBe("by nobody");
      expect(await outcomeOf(whom.ask("execute", { label: "again" }, patiently))).toBe("rate-limited/rejected");
    }));
});
