/** In a simulation, timers of JavaScript and Node.js fire by virtual time, in an order that the schedule decides. */

import { setTimeout as globalTimeout } from "node:timers";
import {
  scheduler,
  setImmediate as nextImmediate,
  setInterval as ticks,
  setTimeout as delay,
} from "node:timers/promises";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { defineActor, isAskError } from "../../../../src/index.ts";
import { simulate, type Scenario } from "../../../../src/testing/index.ts";
import { simulateOnce } from "../../../../src/testing/simulator/simulate.ts";

const once = { seed: 1, runs: 1 } as const;

/** Waits in each way that there is, and says how long it was. */
const waits: Readonly<Record<string, (ms: number) => Promise<unknown>>> = {
  setTimeout: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  "setTimeout of node:timers": (ms) => new Promise((resolve) => globalTimeout(resolve, ms)),
  "setTimeout, promisified": (ms) => promisify(setTimeout)(ms),
  "setTimeout of node:timers/promises": (ms) => delay(ms),
  "scheduler.wait": (ms) => scheduler.wait(ms),
  "AbortSignal.timeout": (ms) =>
    new Promise((resolve) => AbortSignal.timeout(ms).addEventListener("abort", resolve, { once: true })),
  setInterval: (ms) =>
    new Promise<void>((resolve) => {
      let left = 2;
      const timer = setInterval(() => {
        if (--left > 0) return;
        clearInterval(timer);
        resolve();
      }, ms / 2);
    }),
  "setInterval of node:timers/promises": async (ms) => {
    let left = 2;
    for await (const _ of ticks(ms / 2)) if (--left === 0) return;
  },
};

const waiter = defineActor(import.meta.url, {
  name: "waiter",
  protocol: { wait: { input: v.object({ by: v.string(), ms: v.number() }), reply: v.number() } },
  on: {
    async wait(_draft, { by, ms }) {
      const start = performance.now();
      await waits[by]?.(ms);
      return performance.now() - start;
    },
  },
});

describe("timers in a simulation", () => {
  it.each(Object.keys(waits))("wait for virtual time: %s", async (by) => {
    const scenario: Scenario = async ({ system }) => {
      const ref = await system.spawn(waiter);
      const asked = ref.ask("wait", { by, ms: 60_000 }, { timeout: Number.POSITIVE_INFINITY });
      expect(await asked).toBe(60_000);
    };
    await simulate(scenario, { seed: 1, runs: 200, faults: { delay: 0 } });
    const [one, again] = [await simulateOnce(scenario, 7), await simulateOnce(scenario, 7)];
    expect(again.schedule).toBe(one.schedule);
  });

  it("time an ask out by virtual time", async () => {
    await simulate(async ({ system }) => {
      const ref = await system.spawn(waiter);
      const asked = ref
        .ask("wait", { by: "setTimeout", ms: 60_000 }, { timeout: 1_000 })
        .catch((error: unknown) => error);
      expect(isAskError(await asked)).toBe(true);
    }, once);
  });

  it("of one thread fire as in Node.js: those by when they are due, immediates as they were set", async () => {
    const fired: string[] = [];
    const scenario: Scenario = async () => {
      fired.length = 0;
      await new Promise<void>((resolve) => {
        setTimeout(() => fired.push("10"), 10);
        setTimeout(() => fired.push("5"), 5);
        setTimeout(() => fired.push("10, later"), 10);
        setTimeout(() => fired.push("none"), Number.NaN); // 1 ms
        setImmediate((what) => fired.push(what), "immediate");
        setImmediate(() => fired.push("immediate, later"));
        setTimeout(resolve, 20);
      });
      expect(fired).toEqual(["immediate", "immediate, later", "none", "5", "10", "10, later"]);
    };
    await simulate(scenario, { seed: 1, runs: 100 });
  });

  it("of two threads fire in any order when they are due at the same time", async () => {
    const orders = new Set<string>();
    await simulate(
      async ({ system }) => {
        const refs = await Promise.all([system.spawn(waiter), system.spawn(waiter)]);
        const order: number[] = [];
        const asking = refs.map(async (ref, n) => {
          await ref.ask("wait", { by: "setTimeout", ms: 50 });
          order.push(n);
        });
        await Promise.all(asking);
        orders.add(order.join());
      },
      { seed: 1, runs: 50 },
    );
    expect(orders).toEqual(new Set(["0,1", "1,0"]));
  });

  it("can be cleared, by themselves and by their number, begun anew, and let go", async () => {
    await simulate(async ({ sleep, now }) => {
      const fired: string[] = [];
      const [one, two] = [setTimeout(() => fired.push("one"), 5), setTimeout(() => fired.push("two"), 5)];
      clearTimeout(one);
      clearTimeout(Number(two));
      const immediate = setImmediate(() => fired.push("immediate"));
      clearImmediate(immediate);
      const start = now();
      const kept = setTimeout(() => fired.push(`kept ${now() - start}`), 10).unref();
      expect(kept.hasRef()).toBe(false);
      await sleep(5);
      kept.refresh();
      await sleep(50);
      expect(fired).toEqual(["kept 15"]);
      clearTimeout(kept);
      clearTimeout(undefined);
    }, once);
  });

  it("reject when they are aborted", async () => {
    await simulate(async ({ now }) => {
      const start = now();
      const signal = AbortSignal.timeout(20);
      await expect(delay(1_000, "late", { signal })).rejects.toMatchObject({ name: "AbortError", code: "ABORT_ERR" });
      await expect(delay(1_000, "late", { signal })).rejects.toMatchObject({ cause: { name: "TimeoutError" } });
      expect(now() - start).toBe(20);
      expect(await nextImmediate("soon")).toBe("soon");
      await scheduler.yield();
    }, once);
  });

  it("end with their thread", async () => {
    let fired = 0;
    const sleeper = defineActor(import.meta.url, {
      name: "sleeper",
      protocol: { sleep: { reply: v.null() } },
      on: {
        async sleep() {
          setTimeout(() => fired++, 10);
          return null;
        },
      },
    });
    await simulate(async ({ system, killThread, sleep }) => {
      const ref = await system.spawn(sleeper, { placement: { thread: 1 } });
      await ref.ask("sleep");
      killThread(1);
      await sleep(1_000);
    }, once);
    expect(fired).toBe(0);
  });

  it("are the real ones outside", async () => {
    const real = [setTimeout, setInterval, setImmediate, clearTimeout, AbortSignal.timeout, globalTimeout, delay];
    const running = simulate(({ sleep }) => sleep(5), { seed: 1, runs: 5 });
    const isReal = new Promise((resolve) => {
      const timer: unknown = setTimeout(resolve, 1, true);
      expect(String(Object.getPrototypeOf(timer).constructor.name)).toBe("Timeout");
    });
    await Promise.all([running, isReal]);
    expect([setTimeout, setInterval, setImmediate, clearTimeout, AbortSignal.timeout, globalTimeout, delay]).toEqual(
      real,
    );
  });
});
