/** A machine whose clock is set while a system runs: what was when, what is told of it, and what waits for a time to pass. */

import * as fc from "fast-check";
import { expect, it } from "vitest";
import * as v from "valibot";
import { defineActor, defineAgent, defineWorkflow, type SystemEvent } from "../../../src/index.ts";
import { simulate, type SimulateOptions, type World } from "../../../src/testing/index.ts";
import { tally } from "../../fixtures/actors.ts";

const hour = 3_600_000;

export const watchmaker = defineActor(import.meta.url, {
  name: "watchmaker",
  protocol: { look: { reply: v.object({ now: v.number(), deadline: v.number(), left: v.number() }) } },
  on: {
    look: (_draft, _input, context) => ({ now: context.now(), deadline: context.deadline, left: context.timeLeft() }),
  },
});
const Pause = v.object({ ms: v.number(), failures: v.number() });
let failed = 0;
export const sleeper = defineAgent(import.meta.url, {
  name: "sleeper",
  version: "1",
  input: Pause,
  output: v.null(),
  policies: { breaker: false, retry: { attempts: 3, backoff: { first: 1_000, max: 1_000, jitter: 0 } } },
  async execute({ ms, failures }, context) {
    await context.sleep(ms);
    if (failed++ < failures) throw new Error("not yet");
    return null;
  },
});
export const nap = defineWorkflow(import.meta.url, { name: "nap", version: "1", input: Pause }).step(
  "sleep",
  sleeper,
  ({ input }) => input,
);

async function once(scenario: (world: World) => Promise<void>, options: SimulateOptions = {}): Promise<void> {
  await simulate(scenario, { seed: 1, runs: 1, faults: { delay: 0 }, ...options });
}

it("history and at answer by the clock as it is, right after it was set forward", () =>
  once(async ({ system: { store }, now, jumpClock, sleep }) => {
    await store.put(tally, "k", { n: 1 });
    await sleep(10);
    jumpClock(hour);
    const { time } = await store.put(tally, "k", { n: 2 });
    expect(time).toBe(now());
    expect(await store.history(tally, "k", { since: now() - 60_000 })).toMatchObject([{ version: 2 }]);
    expect(await store.at(tally, "k", { time: now() - 1_000 })).toMatchObject({ version: 1 });
  }));

it("times never go back along the positions, and follow the clock as soon as it has caught up", () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 12 }), async (jumps) => {
      await once(async ({ system: { store }, now, jumpClock, sleep }) => {
        const began = now();
        let last = began; // the system's own first commit
        for (const [n, by] of jumps.entries()) {
          jumpClock(by * 1_000);
          await sleep(300);
          const { time } = await store.put(tally, `k${n % 2}`, { n });
          expect(time).toBe(Math.max(last, now()));
          last = time;
          const upToNow = await store.history(tally, `k${n % 2}`, { since: began - 100_000, until: last });
          expect(upToNow).toHaveLength(1 + Math.floor(n / 2));
        }
      });
    }),
    { numRuns: 50 },
  ));

it("a jump is an event, whose time is the new one", () =>
  once(async ({ system, now, jumpClock, sleep }) => {
    const told: SystemEvent[] = [];
    system.events$.subscribe((event) => told.push(event));
    for (const by of [hour, -2 * hour]) {
      jumpClock(by);
      await sleep(0);
      expect(told.splice(0)).toEqual([{ type: "clock-jumped", by, time: now() }]);
    }
    await expect((async () => jumpClock(Number.NaN))()).rejects.toMatchObject({ code: "invalid-options" });
  }));

it("a clock that is behind the journal's newest version is told of when a system starts with that", () =>
  once(
    async ({ system, jumpClock, crash }) => {
      const { time } = await system.store.put(tally, "k", { n: 1 });
      jumpClock(-hour);
      const next = await crash({ downtime: 60_000 });
      const told = await new Promise((resolve) => next.events$.subscribe(resolve));
      expect(told).toEqual({ type: "clock-jumped", by: -hour + 60_000, time: time - hour + 60_000 });
      expect(await next.store.put(tally, "k", { n: 2 })).toMatchObject({ time });
    },
    { journal: "durable" },
  ));

it.each([hour, -hour])("context.now and context.deadline move together by %d ms, and the time left stays", (by) =>
  once(async ({ system, now, jumpClock }) => {
    const ref = await system.spawn(watchmaker, { placement: { thread: 1 } });
    jumpClock(by);
    const { now: seen, deadline, left } = await ref.ask("look", undefined, { timeout: 5_000 });
    expect(seen).toBe(now());
    expect(left).toBe(5_000);
    expect(deadline - seen).toBeCloseTo(left);
  }),
);

it.each([hour, -hour])("a run's timeout, its agent's sleep and the pauses between attempts don't notice %d ms", (by) =>
  once(async ({ system, now, jumpClock, sleep }) => {
    failed = 0;
    const began = now();
    const run = system.run(nap, { ms: 2_000, failures: 2 }, { timeout: 10_000 });
    for (let i = 0; i < 7; i++) {
      await sleep(1_000);
      jumpClock(by);
    }
    await run.result;
    expect(now() - began).toBe(8_000 + 7 * by);
  }),
);

it.each([hour, -hour])(
  "a run that is recovered after %d ms has the time that its deadline in the history leaves",
  (by) =>
    once(
      async (world) => {
        failed = 0;
        world.jumpClock(by);
        const began = world.now();
        const run = world.system.run(nap, { ms: 5_000, failures: 9 }, { timeout: 12_000, id: "r" });
        await run.started;
        await world.sleep(4_000);
        await world.crash({ downtime: 1_000 });
        const found = await world.system.findRun("r");
        await expect(found.result).rejects.toMatchObject({ code: "timed-out" });
        expect(world.now() - began).toBe(12_000);
      },
      { journal: "durable" },
    ),
);
