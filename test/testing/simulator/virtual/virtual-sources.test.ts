/** In a simulation, time and chance of JavaScript itself come from virtual time and the seed. */

import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { defineActor } from "../../../../src/index.ts";
import { type Scenario, simulate } from "../../../../src/testing/index.ts";
import { simulateOnce } from "../../../../src/testing/simulator/simulate.ts";

const epoch = Date.UTC(2026, 0, 1);

const reader = defineActor(import.meta.url, {
  name: "reader",
  protocol: { read: { reply: v.array(v.unknown()) } },
  on: {
    async read(_draft, _none, context) {
      await context.sleep(3);
      return [
        Date.now(),
        new Date().toISOString(),
        Date().slice(0, 15),
        performance.now(),
        Math.random(),
        crypto.randomUUID(),
        [...crypto.getRandomValues(new Uint16Array(4))],
      ];
    },
  },
});

/** What its sources gave to the runs under some seeds. */
async function readings(seeds: readonly number[]): Promise<unknown[]> {
  const all: unknown[] = [];
  for (const seed of seeds)
    await simulate(
      async ({ system }) => {
        const ref = await system.spawn(reader);
        all.push(await ref.ask("read"));
      },
      { seed, runs: 1 },
    );
  return all;
}

/** Takes another path for each source that a run has of its own. */
const leaks: Readonly<Record<string, () => number>> = {
  "Date.now": () => Date.now(),
  "new Date": () => new Date().getTime(),
  "performance.now": () => Math.floor(performance.now() * 1_000),
  "Math.random": () => Math.floor(Math.random() * 1_000),
  "crypto.randomUUID": () => Number.parseInt(crypto.randomUUID().slice(0, 4), 16),
  "crypto.getRandomValues": () => crypto.getRandomValues(new Uint8Array(1))[0] ?? 0,
};

describe("the sources of a run", () => {
  it("are the same under the same seed, and others under another", async () => {
    const seeds = [1, 2, 3, 4, 5];
    const [first, second] = [await readings(seeds), await readings(seeds)];
    expect(second).toEqual(first);
    expect(new Set(first.map((reading) => JSON.stringify(reading))).size).toBe(seeds.length);
  });

  it("are virtual time, and well-formed", async () => {
    const [reading] = await readings([1]);
    const [now, iso, day, elapsed, chance, uuid, words] = reading as [
      number,
      string,
      string,
      number,
      number,
      string,
      number[],
    ];
    expect(now).toBeGreaterThanOrEqual(epoch + 3);
    expect(now).toBeLessThan(epoch + 1_000);
    expect(iso).toBe(new Date(now).toISOString());
    expect(day).toBe(new Date(now).toString().slice(0, 15));
    expect(elapsed).toBe(now - epoch);
    expect(chance).toBeGreaterThanOrEqual(0);
    expect(chance).toBeLessThan(1);
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(words).toHaveLength(4);
    expect(Math.max(...words)).toBeGreaterThan(255);
  });

  it.each(Object.keys(leaks))("lets %s decide the schedule, and it is the same one again", async (name) => {
    const leak = leaks[name] as () => number;
    const scenario: Scenario = async ({ system, sleep }) => {
      const ref = await system.spawn(reader);
      await ref.ask("read");
      for (let n = leak() % 7; n > 0; n--) await sleep(1);
    };
    for (let seed = 0; seed < 20; seed++) {
      const { schedule } = await simulateOnce(scenario, seed);
      expect((await simulateOnce(scenario, seed)).schedule).toBe(schedule);
    }
  });

  it("follow the clock of the machine, but for performance.now", async () => {
    await simulate(
      async ({ jumpClock, now }) => {
        const before = performance.now();
        jumpClock(86_400_000);
        expect(Date.now()).toBe(now());
        expect(new Date().getTime()).toBe(epoch + 86_400_000);
        expect(performance.now()).toBe(before);
      },
      { seed: 1, runs: 3, faults: { delay: 0 } },
    );
  });

  it("make dates that are dates", async () => {
    await simulate(
      async () => {
        const date = new Date();
        expect(date).toBeInstanceOf(Date);
        expect(Object.getPrototypeOf(date)).toBe(Date.prototype);
        expect(structuredClone(date)).toEqual(date);
        expect(new Date(0).getTime()).toBe(0);
        expect(new Date(2026, 1, 1).getMonth()).toBe(1);
        expect(Date.UTC(2026)).toBe(epoch);
        class Day extends Date {}
        expect(new Day()).toBeInstanceOf(Day);
        expect(new Day().getTime()).toBe(Date.now());
      },
      { seed: 1, runs: 1 },
    );
  });

  it("are the real ones for what else goes on, and after the run, also after one that failed or was wrong", async () => {
    const real = [Date, Math.random, performance.now, crypto.randomUUID, crypto.getRandomValues];
    const now = Date.now();
    const realImmediate = setImmediate;
    let seen = 0;
    await simulate(
      async ({ sleep }) => {
        realImmediate(() => (seen = Date.now()));
        await sleep(5);
        await sleep(5);
      },
      { seed: 1, runs: 1 },
    );
    expect(seen).toBeGreaterThanOrEqual(now);
    const failing = simulate(() => Promise.reject(new Error("no")), { seed: 1, runs: 1 });
    await expect(failing).rejects.toThrow("no");
    await expect(simulate(async () => undefined, { faults: { delay: 2 } })).rejects.toThrow("faults.delay");
    expect([Date, Math.random, performance.now, crypto.randomUUID, crypto.getRandomValues]).toEqual(real);
    expect(Object.hasOwn(crypto, "randomUUID")).toBe(false);
  });

  it("are real again after runs at the same time", async () => {
    const real = Date;
    const running = [1, 2, 3].map((seed) => simulate(({ sleep }) => sleep(seed), { seed, runs: 5 }));
    await Promise.all(running);
    expect(Math.abs(Date.now() - new real().getTime())).toBeLessThan(60_000);
    expect(new Date().getFullYear()).toBe(new real().getFullYear());
  });
});
