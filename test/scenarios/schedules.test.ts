/** Public reports of schedules that overlap, drift or miss their times, re-enacted. Each names the report. */

import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { defineAgent, defineWorkflow, type System } from "../../src/index.ts";
import { simulate, type SimulateOptions, type World } from "../../src/testing/index.ts";
import { scheduleState } from "../../src/workflows/schedule/schedule-state.ts";

const second = 1_000;
const minute = 60 * second;
/** The simulation begins here. */
const start = Date.UTC(2026, 0, 1);

let [working, most] = [0, 0];

/** Loads what has come since the last time, for so long; and sees how many of it are at work. */
export const loader = defineAgent(import.meta.url, {
  name: "loader",
  version: "1.0.0",
  input: v.object({ ms: v.number() }),
  output: v.null(),
  concurrency: 10,
  policies: { breaker: false },
  async execute({ ms }, context) {
    most = Math.max(most, ++working);
    await context.sleep(ms);
    working--;
    return null;
  },
});

export const load = defineWorkflow(import.meta.url, {
  name: "load",
  version: "1.0.0",
  input: v.object({ ms: v.number() }),
}).step("load", loader, ({ input }) => input);

async function once(scenario: (world: World) => Promise<void>, system: SimulateOptions["system"] = {}): Promise<void> {
  [working, most] = [0, 0];
  await simulate(scenario, { seed: 1, runs: 1, journal: "durable", system });
}

/** The times, in seconds from the start, that had the outcome. */
async function timesOf(system: System, id: string, wanted: string): Promise<number[]> {
  const versions = await system.store.history(scheduleState, id);
  return versions.flatMap(({ state: { last }, version }) =>
    version > 1 && last?.outcome === wanted ? [(last.at - start) / second] : [],
  );
}

describe("a schedule whose runs take longer than it waits between them", () => {
  it("has no two of them at a time, also after it was paused: https://github.com/windmill-labs/windmill/issues/2958", () =>
    once(async ({ system, sleep }) => {
      await system.schedules.set("load", load, { cron: "* * * * *" }, { ms: 20 * minute });
      await sleep(5 * minute);
      await system.schedules.pause("load", "maintenance");
      await sleep(10 * minute);
      await system.schedules.resume("load");
      await sleep(60 * minute);
      expect(most).toBe(1);
      expect((await timesOf(system, "load", "started")).length).toBe(4);
    }));

  it("keeps to its times, and says which had no run: https://github.com/windmill-labs/windmill/pull/10917", () =>
    once(async ({ system, sleep }) => {
      await system.schedules.set("load", load, { every: 10 * second, from: start }, { ms: 25 * second });
      await sleep(65 * second);
      expect(await timesOf(system, "load", "started")).toEqual([10, 40]);
      expect(await timesOf(system, "load", "skipped")).toEqual([20, 30, 50, 60]);
    }));
});

describe("a time at which nothing can start", () => {
  it("has its run once there is room: https://github.com/vikasprogrammer/agentric/pull/245", () =>
    once(
      async ({ system, sleep }) => {
        const busy = system.run(load, { ms: 10 * minute });
        await system.schedules.set("daily", load, { cron: "1 0 * * *" }, { ms: 0 });
        await sleep(5 * minute);
        expect(await timesOf(system, "daily", "started")).toEqual([]);
        await busy.result;
        await sleep(second);
        expect(await timesOf(system, "daily", "started")).toEqual([60]);
      },
      { maxRuns: 1 },
    ));

  it("has its run late when no process was there, and once: https://github.com/phnx-labs/agi-cli/pull/1773", () =>
    once(async ({ system, crash, sleep }) => {
      const weekly = { cron: "0 4 * * thu", timeZone: "UTC" };
      await system.schedules.set("weekly", load, weekly, { ms: 0 });
      await sleep(2 * 60 * minute);
      const next = await crash({ downtime: 6 * 60 * minute });
      await sleep(second);
      expect(await timesOf(next, "weekly", "started")).toEqual([4 * 3_600]);
      await sleep(24 * 60 * minute);
      expect(await timesOf(next, "weekly", "started")).toHaveLength(1);
    }));
});
