/** The gate of an agent is one for all threads: invariants 5, 6, 7 and 9 of breaker, bulkhead and the calls that wait there. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { breakerState, defineAgent, defineWorkflow, isAskError, isTroupeError, type System } from "../../src/index.ts";
import type { PolicyOptions } from "../../src/agents/policies/policies.ts";
import { holdsInWorld, holdsSimulated, isFoundBroken } from "./worlds.ts";
import { asMessage, mapFrames } from "./wire.ts";

/** One ask: on which thread, how long the agent works on it, and whether it fails. */
interface Ask {
  readonly thread: number;
  readonly ms: number;
  readonly fails: boolean;
}

const asks: fc.Arbitrary<readonly Ask[]> = fc.array(
  fc.record({
    thread: fc.integer({ min: 0, max: 2 }),
    ms: fc.integer({ min: 0, max: 40 }),
    fails: fc.boolean(),
  }),
  { minLength: 1, maxLength: 24 },
);

const Work = v.object({ ms: v.number(), fails: v.boolean() });
const patiently = { timeout: Number.POSITIVE_INFINITY };
const faults = { threadDeath: 0.002, maxThreadDeaths: 2 };

/** What the code of an agent's actors, on all threads together, is seen to do. */
class Watch {
  /** By thread: how many calls run. */
  readonly running = new Map<number, number>();
  begun = 0;
  highest = 0;
  /** When calls began. */
  readonly beginnings: number[] = [];
  onBegin: () => void = () => undefined;

  agent(policies: PolicyOptions<v.InferOutput<typeof Work>>, concurrency = 8) {
    return defineAgent("test:agents", {
      name: "oracle",
      version: "1.0.0",
      input: Work,
      output: v.string(),
      concurrency,
      policies,
      execute: async ({ ms, fails }, context) => {
        this.beginnings.push(context.now());
        this.#enter(context.thread, 1);
        try {
          // on a clock of its own: it doesn't look at its signal
          for (let left = ms; left > 0 && !context.signal.aborted; left -= 10) await context.sleep(Math.min(10, left));
          if (fails) throw new Error("no");
          return "yes";
        } finally {
          this.#enter(context.thread, -1);
        }
      },
    });
  }

  get total(): number {
    return [...this.running.values()].reduce((sum, count) => sum + count, 0);
  }

  #enter(thread: number, by: number): void {
    this.running.set(thread, (this.running.get(thread) ?? 0) + by);
    if (by < 0) return;
    this.begun++;
    this.highest = Math.max(this.highest, this.total);
    this.onBegin();
  }
}

/** An actor of the agent on each thread that lives. */
function everywhere(system: System, agent: ReturnType<Watch["agent"]>) {
  return Promise.all([0, 1, 2].map((thread) => system.spawn(agent, { placement: { thread } }).catch(() => undefined)));
}

/** The asks sent to actors of the agent on all threads at once. Resolves to what each came to. */
async function askAll(system: System, agent: ReturnType<Watch["agent"]>, given: readonly Ask[]): Promise<string[]> {
  const refs = await everywhere(system, agent);
  return Promise.all(
    given.map(async ({ thread, ...work }) => {
      const ref = refs[thread];
      if (ref === undefined) return "no such thread";
      try {
        return await ref.ask("execute", work, patiently);
      } catch (error) {
        if (isAskError(error)) return error.code;
        throw error;
      }
    }),
  );
}

const ask = (thread: number, ms: number, fails: boolean): Ask => ({ thread, ms, fails });
const lostWithTheirThread = [
  ...[ask(2, 39, true), ask(0, 22, true), ask(0, 22, false), ask(2, 16, true), ask(0, 26, false)],
  ...[ask(0, 37, false), ask(1, 38, true), ask(2, 38, false), ask(2, 35, true), ask(0, 30, false)],
  ...[ask(2, 3, false), ask(2, 27, true)],
];

/** Tells every call that was turned away to go ahead all the same. */
const letThrough = () => (batch: unknown) =>
  mapFrames(batch, (frame) =>
    frame.map((part) => ((part as { admitted?: boolean } | null)?.admitted === false ? { admitted: true } : part)),
  );

describe("a half-open breaker, asked on all threads at once", () => {
  const parameters = fc.record({ probes: fc.integer({ min: 1, max: 4 }), asks });

  async function probesOnly(
    system: System,
    given: { readonly probes: number; readonly asks: readonly Ask[] },
  ): Promise<void> {
    const watch = new Watch();
    const agent = watch.agent({
      breaker: { consecutiveFailures: 1, probes: given.probes, openFor: { first: 0 }, counts: () => true },
    });
    const ref = await system.spawn(agent, { placement: { thread: 0 } });
    await expect(ref.ask("execute", { ms: 0, fails: true }, patiently)).rejects.toThrow("no");
    // nothing else is in flight: whatever begins until the half-open breaker changes again is a probe
    let probes: number | undefined;
    const told: string[] = [];
    system.events$.subscribe(({ type }) => {
      if (!type.startsWith("breaker-")) return;
      if (told.at(-1) === "breaker-half-opened") probes ??= watch.begun;
      told.push(type);
    });
    watch.begun = 0;
    const outcomes = await askAll(system, agent, given.asks);
    expect(probes ?? watch.begun).toBeLessThanOrEqual(given.probes);
    expect(outcomes).toHaveLength(given.asks.length);
    const hasRun = outcomes.some((outcome) => outcome === "yes" || outcome === "handler-failed");
    if (hasRun) expect(told).toContain("breaker-half-opened");
  }

  it("lets no more than its probes through", () => holdsSimulated(parameters, probesOnly));
  it("lets no more than its probes through while threads die", () =>
    holdsSimulated(parameters, probesOnly, { faults }));

  it("is found broken when who is turned away goes ahead all the same", async () => {
    expect(await isFoundBroken(parameters, probesOnly, { tamper: () => letThrough() })).toMatch(/to be less than/);
  });
});

describe("a breaker, asked in all ways there are", () => {
  const ways = ["orchestrator", "relay", "thread 0", "thread 1", "thread 2"] as const;
  const parameters = fc.record({
    failures: fc.integer({ min: 1, max: 5 }),
    calls: fc.array(fc.constantFrom(...ways), { minLength: 1, maxLength: 10 }),
  });

  it("counts all of them together: runs under either coordination, and asks on each thread", () =>
    holdsInWorld(parameters, async ({ system, sleep }, { failures, calls }) => {
      const watch = new Watch();
      const agent = watch.agent({
        breaker: { consecutiveFailures: failures, openFor: { first: 1_000_000 }, counts: () => true },
      });
      const workflow = defineWorkflow("test:workflows", { name: "one", version: "1", input: Work }).step(
        "only",
        agent,
        ({ input }) => input,
      );
      const refs = await everywhere(system, agent);
      const outcomes: string[] = [];
      for (const way of calls) {
        const work = { ms: 0, fails: true };
        const ended: Promise<unknown> =
          way === "orchestrator" || way === "relay"
            ? system.run(workflow, work, { coordination: way }).result
            : refs[ways.indexOf(way) - 2]!.ask("execute", work, patiently);
        outcomes.push(await ended.then(String, (error: unknown) => innermost(error)));
        await sleep(50); // until the gate has heard of it
      }
      expect(outcomes).toEqual(calls.map((_, n) => (n < failures ? "no" : "breaker-open")));
      expect(watch.begun).toBe(Math.min(failures, calls.length));
      const statuses = (await system.store.history(breakerState, "oracle")).map(({ state: { status } }) => status);
      expect(statuses).toEqual(calls.length < failures ? [] : ["open"]);
    }));
});

describe("a limit on requests, asked in all ways there are", () => {
  const period = 100;
  const way = fc.constantFrom("orchestrator", "relay", "thread 0", "thread 1", "thread 2");
  const parameters = fc.record({
    requests: fc.integer({ min: 1, max: 3 }),
    calls: fc.array(fc.record({ way, ms: fc.constantFrom(0, 30, 250) }), { minLength: 1, maxLength: 12 }),
  });
  type Given = typeof parameters extends fc.Arbitrary<infer P> ? P : never;

  /** Each actor of the agent does one thing at a time, so calls that were let ahead wait for others to end. */
  async function limited(system: System, { requests, calls }: Given): Promise<void> {
    const watch = new Watch();
    const agent = watch.agent({ breaker: false, rateLimits: [{ requests, period }] }, 1);
    const workflow = defineWorkflow("test:workflows", { name: "one", version: "1", input: Work }).step(
      "only",
      agent,
      ({ input }) => input,
    );
    const refs = await everywhere(system, agent);
    await Promise.all(
      calls.map(async ({ way: how, ms }): Promise<unknown> => {
        const work = { ms, fails: false };
        if (how === "orchestrator" || how === "relay") return system.run(workflow, work, { coordination: how }).result;
        return refs[Number(how.at(-1))]?.ask("execute", work, patiently).catch(() => "lost with its thread");
      }),
    );
    const { beginnings } = watch;
    for (let n = requests; n < beginnings.length; n++)
      expect(beginnings[n]! - beginnings[n - requests]!).toBeGreaterThanOrEqual(period);
    expect(beginnings.length).toBeGreaterThanOrEqual(calls.length);
  }

  it("lets so many begin in each period, however long they had to wait for their actor", () =>
    holdsSimulated(parameters, limited));

  it("is found broken when nothing tells the gate that a call begins", async () => {
    const untold = await isFoundBroken(parameters, limited, {
      tamper: () => (batch) =>
        mapFrames(batch, (frame) => (/^beg[iu]n$/.test(asMessage(frame)?.type ?? "") ? undefined : frame)),
    });
    expect(untold).toMatch(/to be greater than or equal|nothing is left to run/);
  });
});

/** What a step or an agent failed with: the code of ours, the message of another. */
function innermost(error: unknown): string {
  if (isTroupeError(error, "breaker-open")) return error.code;
  const { cause, message } = error as Error;
  return cause === undefined ? message : innermost(cause);
}

describe("a bulkhead, asked on all threads at once", () => {
  const parameters = fc.record({ concurrent: fc.integer({ min: 1, max: 4 }), asks });

  async function bounded(
    system: System,
    { concurrent, asks: given }: { readonly concurrent: number; readonly asks: readonly Ask[] },
  ): Promise<void> {
    const watch = new Watch();
    system.events$.subscribe((event) => {
      if (event.type === "thread-died") watch.running.delete(event.thread);
    });
    const agent = watch.agent({ bulkhead: { concurrent, queue: 12 }, breaker: false, timeout: 25 });
    const outcomes = await askAll(system, agent, given);
    expect(watch.highest).toBeLessThanOrEqual(concurrent);
    const known = ["yes", "handler-failed", "timed-out", "bulkhead-full", "thread-died", "no such thread"];
    for (const outcome of outcomes) expect(known).toContain(outcome);
    if (given.length <= 12) expect(outcomes).not.toContain("bulkhead-full");
    // nothing was left behind: as many as ever can go ahead, one after another
    const ref = await system.spawn(agent, { placement: { thread: 0 } });
    for (let n = 0; n <= concurrent; n++) {
      expect(await ref.ask("execute", { ms: 0, fails: false }, patiently)).toBe("yes");
    }
  }

  it("never has more in flight than it allows, and gives every place back", () => holdsSimulated(parameters, bounded));

  it("never has more in flight than it allows, and gives every place back while threads die", () =>
    holdsSimulated(parameters, bounded, { faults }, [
      // a call of the dead thread got the place that another one of it gave back, and kept it for ever
      [{ concurrent: 1, asks: lostWithTheirThread }, 1614936078],
    ]));

  it("is found broken when the end of a call isn't told", async () => {
    const untold = await isFoundBroken(parameters, bounded, {
      tamper: () => (batch) => mapFrames(batch, (frame) => (asMessage(frame)?.type === "settle" ? undefined : frame)),
    });
    expect(untold).toMatch(/nothing is left to run|bulkhead-full/);
  });
});
