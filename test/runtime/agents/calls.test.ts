/** Calls of agents by agents, actors and from outside. On the simulator. */

import { describe, expect, it } from "vitest";
import * as v from "valibot";
import {
  type ActorContext,
  type AgentContext,
  type AgentDefinition,
  agentRef,
  breakerState,
  defineActor,
  defineAgent,
  defineState,
  defineWorkflow,
  isAskError,
  isTroupeError,
  Refusal,
  refusalOf,
  type System,
} from "../../../src/index.ts";
import { simulate, type World } from "../../../src/testing/index.ts";

const url = "test:calls";
const seeds = { seed: 5, runs: 10 };

type Texts = AgentDefinition<string, string>;
type Execute = (input: string, context: AgentContext) => Promise<string> | string;

function agentOf(name: string, execute: Execute, more: { concurrency?: number; policies?: object } = {}): Texts {
  const contract = { version: "1.0.0", input: v.string(), output: v.string() };
  return defineAgent(url, { name, ...contract, policies: { breaker: false }, ...more, execute });
}

const echo = agentOf("echo", (text) => `${text}!`);

/** A run of one step, by this agent. */
function stepOf(agent: Texts) {
  return defineWorkflow(url, { name: "one", version: "1.0.0", input: v.string() }).step(
    "only",
    agent,
    ({ input }) => input,
  );
}

/** What a promise rejects with. */
async function rejection(promise: Promise<unknown>): Promise<Error> {
  const value = await promise.then(
    (resolved) => new Error(`resolved to ${JSON.stringify(resolved)}`),
    (error: unknown) => error as Error,
  );
  return value;
}

describe("the call of an agent", () => {
  it("starts the agent when it is first called, and one serves all callers", () =>
    simulate(async ({ system }) => {
      const outer = agentOf("outer", (text, context) => context.call(echo, text));
      const run = system.run(stepOf(outer), "a");
      expect(await Promise.all([system.call(echo, "b"), system.call(outer, "c"), run.result])).toEqual([
        "b!",
        "c!",
        "a!",
      ]);
      expect((await system.stats()).actors).toBe(2);
    }, seeds));

  it("is made by actors of each kind", () =>
    simulate(async ({ system }) => {
      const protocol = { say: { input: v.string(), reply: v.string() } };
      const say = (_: unknown, text: string, context: ActorContext): Promise<string> => context.call(echo, text);
      const plain = defineActor(url, { name: "plain", protocol, on: { say } });
      const mouths = defineState({ name: "mouths", version: 1, schema: v.object({}), initial: () => ({}) });
      const durable = defineActor(url, { name: "durable", protocol, state: mouths, on: { say } });
      for (const definition of [plain, durable] as (typeof plain)[]) {
        const ref = await system.spawn(definition, { name: definition.name });
        expect(await ref.ask("say", "a")).toBe("a!");
      }
    }, seeds));

  it("goes through the agent's gate: its retry, its limits and its breaker", () =>
    simulate(async ({ system }) => {
      let attempts = 0;
      const shaky = agentOf(
        "shaky",
        () => {
          if (++attempts % 2 === 1) throw new Error("not yet");
          return "done";
        },
        { policies: { retry: { attempts: 2 }, breaker: false } },
      );
      const broken = agentOf(
        "broken",
        () => {
          throw new Error("down");
        },
        { policies: { breaker: { consecutiveFailures: 1, counts: () => true } } },
      );
      const outer = agentOf("outer", (_, context) => context.call(shaky, ""));
      expect(await system.call(outer, "")).toBe("done");
      await rejection(system.call(broken, ""));
      expect(await rejection(system.call(broken, ""))).toMatchObject({ code: "breaker-open", outcome: "rejected" });
      expect(await system.store.read(breakerState, "broken")).toMatchObject({ status: "open" });
    }, seeds));

  it("counts for the breaker when it succeeds, though the gate isn't told of that", () =>
    simulate(async ({ system }) => {
      const moody = (name: string, breaker: object) =>
        agentOf(
          name,
          (what) => {
            if (what === "no") throw new Error("no");
            return what;
          },
          { policies: { breaker: { counts: () => true, ...breaker } } },
        );
      const comeTo = async (agent: Texts, whats: readonly string[]): Promise<string[]> => {
        const codes: string[] = [];
        for (const what of whats)
          codes.push(
            await system.call(agent, what).catch((error: unknown) => (isAskError(error) ? error.code : String(error))),
          );
        return codes;
      };
      const no = "handler-failed";
      const inARow = moody("in-a-row", { consecutiveFailures: 2 });
      expect(await comeTo(inARow, ["no", "yes", "yes", "no", "yes", "yes", "no", "no", "yes"])).toEqual(
        [no, "yes", "yes", no, "yes", "yes", no, no, "breaker-open"], // the call after a failure asks; the one after that does not
      );
      const byRate = moody("by-rate", {
        consecutiveFailures: Number.POSITIVE_INFINITY,
        failureRate: 0.5,
        minimumCalls: 4,
      });
      expect(await comeTo(byRate, ["yes", "yes", "yes", "no", "no", "no", "yes"])).toEqual([
        ...["yes", "yes", "yes", no, no, no],
        "breaker-open",
      ]);
    }, seeds));

  it("ends with its caller's time, and aborts the agent's signal", () =>
    simulate(
      async ({ system, sleep }) => {
        let told: unknown;
        const slow = agentOf("slow", async (_, context) => {
          context.signal.addEventListener("abort", () => (told = context.signal.reason));
          expect(context.timeLeft()).toBeLessThanOrEqual(50);
          await context.sleep(10_000);
          return "late";
        });
        const outer = agentOf("outer", (_, context) => context.call(slow, ""));
        expect(await rejection(system.call(outer, "", { timeout: 50 }))).toMatchObject({ outcome: "timed-out" });
        await sleep(100);
        expect(told).toMatchObject({ outcome: "cancelled" });
        const called = new AbortController();
        const calling = rejection(system.call(slow, "", { signal: called.signal, timeout: 50 }));
        called.abort();
        expect(await calling).toMatchObject({ outcome: "cancelled" });
      },
      { ...seeds, faults: { partition: 0 } },
    )); // cut off for longer, the agent would not begin

  it("ends when the run is cancelled that it is made for", () =>
    simulate(async ({ system, sleep }) => {
      let told: unknown;
      const slow = agentOf("slow", async (_, context) => {
        context.signal.addEventListener("abort", () => (told = context.signal.reason));
        await context.sleep(10_000);
        return "late";
      });
      const run = system.run(stepOf(agentOf("outer", (_, context) => context.call(slow, ""))), "");
      await sleep(500);
      await run.cancel("no longer wanted");
      await rejection(run.result);
      await sleep(500);
      expect(told).toMatchObject({ code: "cancelled" });
    }, seeds));

  it("sees what its caller has written", () =>
    simulate(async ({ system }) => {
      const notes = defineState({ name: "notes", version: 1, schema: v.string(), initial: () => "" });
      const reader = agentOf("reader", (id, context) => context.read(notes, id));
      const writer = agentOf("writer", async (id, context) => {
        await context.put(notes, id, "written");
        return context.call(reader, id);
      });
      expect(await system.call(writer, "a")).toBe("written");
    }, seeds));

  it("tells what is wrong with its input, its options and what is called", () =>
    simulate(async ({ system }) => {
      expect(await rejection(system.call(echo, 7 as never))).toMatchObject({
        code: "contract-violated",
        outcome: "rejected",
        details: { agent: "echo", direction: "input", side: "sender" },
      });
      const options = { key: "a" } as object;
      expect((await rejection(system.call(echo, "a", options))).message).toContain("call: key:");
      expect((await rejection(system.call(undefined as never, ""))).message).toContain(
        "call: expected what defineAgent returned, not undefined",
      );
      expect((await rejection(system.call(echo, "a", { idempotencyKey: "" }))).message).toContain(
        "call echo: idempotencyKey is a text",
      );
    }, seeds));

  it("passes a refusal on as one", () =>
    simulate(async ({ system }) => {
      const bank = agentOf("bank", () => {
        throw new Refusal("card-declined", "no money");
      });
      const outer = agentOf("outer", (_, context) => context.call(bank, ""));
      expect(refusalOf(await rejection(system.call(outer, "")))?.code).toBe("card-declined");
      const run = system.run(stepOf(outer), "");
      expect(refusalOf(await rejection(run.result))?.code).toBe("card-declined");
    }, seeds));
});

describe("a circle of calls", () => {
  it("of an agent that calls itself is an error that names it", () =>
    simulate(async ({ system }) => {
      const self: Texts = agentOf("self", (_, context) => context.call(self, ""));
      const error = await rejection(system.call(self, ""));
      expect(error.message).toMatch(/the call of the agent self can't begin.*self-\d.* > .*self-\d/);
      const run = system.run(stepOf(self), "");
      expect((await rejection(run.result)).cause).toMatchObject({ code: "circular-call", details: { agent: "self" } });
    }, seeds));

  it("is found through several agents, across threads, and through an actor", () =>
    simulate(async ({ system }) => {
      const relay = defineActor(url, {
        name: "relay",
        protocol: { pass: { input: v.string(), reply: v.string() } },
        on: { pass: (_, text, context): Promise<string> => context.call(first, text) },
      });
      const first: Texts = agentOf("first", (text, context) => context.call(second, text));
      const second: Texts = agentOf("second", async (text, context) => {
        const ref = await context.spawn(relay);
        return ref.ask("pass", text);
      });
      const error = await rejection(system.run(stepOf(first), "a").result);
      const causes = causesOf(error);
      const circular = causes.find((cause) => isTroupeError(cause, "circular-call"));
      expect(circular?.message).toMatch(/first-\d.* > .*second-\d.* > .*relay-\d.* > .*first-\d/);
    }, seeds));

  it("is none while the agent has a place for it", () =>
    simulate(async ({ system }) => {
      const countdown: Texts = agentOf(
        "countdown",
        (n, context) => (n === "0" ? "lift-off" : context.call(countdown, String(Number(n) - 1))),
        { concurrency: 4 },
      );
      expect(await system.call(countdown, "3")).toBe("lift-off");
      const error = await rejection(system.call(countdown, "4"));
      expect(causesOf(error).some((cause) => isTroupeError(cause, "circular-call"))).toBe(true);
    }, seeds));
});

function causesOf(error: unknown): unknown[] {
  const causes: unknown[] = [];
  for (let at = error; at instanceof Error; at = at.cause) causes.push(at);
  return causes;
}

describe("a call in a step of a run", () => {
  it("is made anew at each attempt where it is not to be made once, under the same key", () =>
    simulate(async ({ system }) => {
      const keys: string[] = [];
      const fresh = agentOf("fresh", (_, context) => {
        keys.push(context.idempotencyKey);
        return String(keys.length);
      });
      const outer = agentOf(
        "outer",
        async (once, context) => {
          const seen = await context.call(fresh, "", { once: once === "once" });
          if (keys.length === 1 && seen === "1" && once !== "once") throw new Error("again");
          return seen;
        },
        { policies: { breaker: false, retry: { attempts: 2, backoff: { first: 1 } } } },
      );
      expect(await system.run(stepOf(outer), "each time").result).toBe("2");
      expect(new Set(keys).size).toBe(1);
      expect(await system.store.ids({ name: "call" })).toEqual([]);
    }, seeds));

  it("is for the run: so the agent is told, and so its commits say", () =>
    simulate(async ({ system }) => {
      const notes = defineState({ name: "notes", version: 1, schema: v.string(), initial: () => "" });
      const inner = agentOf("inner", async (id, context) => {
        await context.put(notes, id, "written");
        return `${context.run} ${context.step}`;
      });
      const outer = agentOf("outer", (id, context) => context.call(inner, id));
      expect(await system.run(stepOf(outer), "a", { id: "r/1" }).result).toBe("r/1 undefined");
      expect(await system.store.snapshot(notes, "a")).toMatchObject({ cause: "run/r/1" });
      await system.forget("r/1");
      expect(await system.store.ids({ name: "call" })).toEqual([]);
    }, seeds));

  it("that goes on after its attempt has timed out is not made beside it by the next one, which gets what it comes to", () =>
    simulate(async ({ system, sleep }) => {
      let executions = 0;
      const stubborn = agentOf(
        "stubborn",
        async () => {
          const execution = String(++executions);
          await sleep(150);
          return execution;
        },
        { concurrency: 2 },
      );
      const outer = agentOf("outer", (_, context) => context.call(stubborn, ""), {
        concurrency: 2,
        policies: { breaker: false, timeout: 100, retry: { attempts: 3, backoff: { first: 1 } } },
      });
      expect(await system.run(stepOf(outer), "").result).toBe("1");
      expect(executions).toBe(1);
    }, seeds));

  it("is not recorded once the run has ended", () =>
    simulate(async ({ system, sleep }) => {
      const deaf = agentOf("deaf", async (_, context) => {
        await context.call(waiter, "");
        return "at last";
      });
      const waiter = agentOf("waiter", () => sleep(2_000).then(() => "late"));
      const run = system.run(stepOf(deaf), "", { id: "gone", timeout: 100 });
      await rejection(run.result);
      await system.forget("gone");
      await sleep(5_000);
      expect(await system.store.ids({ name: "call" })).toEqual([]);
    }, seeds));

  it("may have had its record erased by itself, and the rest is forgotten with the run", () =>
    simulate(async ({ system }) => {
      const outer = agentOf("outer", async (_, context) => {
        for (const text of ["a", "b", "c"]) await context.call(echo, text);
        return "done";
      });
      await system.run(stepOf(outer), "", { id: "r" }).result;
      const [, second] = await system.store.ids({ name: "call" });
      await system.store.erase({ name: "call", kind: "state" } as never, String(second), { reason: "asked for" });
      await system.forget("r");
      expect(await system.store.ids({ name: "call" })).toEqual([]);
    }, seeds));
});

describe("an agent that is gone", () => {
  it("is started anew by the next call, also where its caller has not heard of it", () =>
    simulate(
      async (world: World) => {
        const outer = agentOf("outer", (text, context) => context.call(echo, text));
        for (let i = 0; i < 6; i++) {
          const result = await world.system.call(outer, String(i)).catch((error: unknown) => error);
          // a call that its thread may have died with ends so; the next one finds another thread
          if (typeof result !== "string") expect(causesOf(result).some(hasDied)).toBe(true);
        }
        expect(await untilItSucceeds(world.system, outer)).toBe("last!");
      },
      { seed: 1, runs: 60, faults: { threadDeath: 0.02, maxThreadDeaths: 2 } },
    ));

  it("is started anew after it was stopped", () =>
    simulate(async ({ system }) => {
      expect(await system.call(echo, "a")).toBe("a!");
      await system.stop(await system.find(echo, "echo-1"));
      expect(await system.call(echo, "b")).toBe("b!");
    }, seeds));
});

function hasDied(error: unknown): boolean {
  return isTroupeError(error, "thread-died") || isTroupeError(error, "cancelled");
}

async function untilItSucceeds(system: System, agent: Texts): Promise<string> {
  for (;;) {
    try {
      return await system.call(agent, "last");
    } catch (error) {
      if (!isAskError(error)) throw error;
    }
  }
}

describe("agents as actors", () => {
  it("are spawned and found by actors, and refs on them go through contracts", () =>
    simulate(async ({ system }) => {
      const asker = defineAgent(url, {
        name: "asker",
        version: "1.0.0",
        input: v.object({ expert: agentRef(echo) }),
        output: v.string(),
        execute: ({ expert }) => expert.ask("execute", "passed on"),
      });
      const outer = agentOf("outer", async (_, context) => {
        const expert = await context.spawn(echo, { name: "expert" });
        const found = await context.find(echo, "expert");
        expect(found.address).toBe(expert.address);
        return context.call(asker, { expert: found });
      });
      expect(await system.call(outer, "")).toBe("passed on!");
      expect(await (await system.find(echo, "expert")).ask("execute", "b")).toBe("b!");
      const wrong = await rejection(system.call(asker, { expert: "expert" as never }));
      expect(wrong).toMatchObject({ code: "contract-violated", details: { path: "expert" } });
    }, seeds));
});
