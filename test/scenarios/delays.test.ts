/** Runs that are to begin later: their start is recorded at once, and no process has to live until then. */

import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { defineWorkflow } from "../../src/index.ts";
import { day, noted, second, underBoth, worker } from "./tasks.ts";

export const reminding = defineWorkflow(import.meta.url, {
  name: "reminding",
  version: "1.0.0",
  input: v.object({ fails: v.boolean() }),
})
  .waitFor("still", { answer: v.boolean(), timeout: second, otherwise: () => true }, () => "still wanted?")
  .each("send", worker, { after: ["still"], over: () => [1, 2] }, () => ({}))
  .step("file", worker, { after: ["send"] }, ({ input }) => input);

/** The simulation begins here. */
const start = Date.UTC(2026, 0, 1);
const one = { journal: "durable", runs: 3 } as const;

describe("a run that begins later", () => {
  it("begins then, also when the process crashes before and another one is late", () =>
    underBoth(async ({ system, crash, sleep, now }) => {
      const run = system.run(reminding, { fails: false }, { id: "r", startIn: day });
      await run.started;
      expect(await run.view()).toMatchObject({ status: "running", isParked: true });
      expect(await run.pending()).toEqual([{ step: "still", for: "time", at: start + day }]);
      expect((await system.stats()).runs).toEqual({ inFlight: 0, waiting: 0, parked: 1 });
      await sleep(day - 10 * second);
      const next = await crash({ downtime: 20 * second });
      const again = await next.findRun(reminding, "r");
      expect(await again.result).toMatchObject({ step: "file" });
      expect(noted.done.toSorted()).toEqual(["file", "send[0]", "send[1]"]);
      expect(now() - start).toBeGreaterThanOrEqual(day + 10 * second);
      const types = (await again.history()).map(({ event }) => event.type);
      expect(types.filter((type) => type === "run-released")).toHaveLength(1);
    }, one));

  it("begins within a second of its time, and counts its timeout from there", () =>
    underBoth(async ({ system }) => {
      const startAt = new Date(start + 3_600 * second);
      const run = system.run(reminding, { fails: false }, { startAt, timeout: 60 * second });
      await run.result;
      const history = await run.history();
      const released = history.find(({ event }) => event.type === "run-released");
      expect((released?.time ?? 0) - startAt.getTime()).toBeLessThan(second);
      expect(history[0]?.event).toMatchObject({
        startsAt: startAt.getTime(),
        deadline: startAt.getTime() + 60 * second,
      });
    }, one));

  it("takes an answer before, and can be cancelled before", () =>
    underBoth(async ({ system }) => {
      const told = system.run(reminding, { fails: false }, { startIn: day });
      await told.tell("still", true);
      await told.result;
      expect((await told.view()).steps["still"]).toMatchObject({ status: "finished" });
      noted.done.length = 0;
      const run = system.run(reminding, { fails: false }, { startIn: day });
      await run.started;
      await run.cancel("not any more");
      await expect(run.result).rejects.toMatchObject({ code: "run-cancelled" });
      expect(noted.done).toEqual([]);
    }, one));

  it("goes on under the coordination that is in force then", () =>
    underBoth(async ({ system }, coordination) => {
      const run = system.run(reminding, { fails: false }, { startIn: day });
      await run.started;
      await system.switchCoordination(coordination === "relay" ? "orchestrator" : "relay");
      await run.result;
      expect(new Set(noted.done).size).toBe(3);
    }, one));

  it("is accepted while as many runs are in flight as may be", () =>
    underBoth(
      async ({ system }) => {
        const first = system.run(reminding, { fails: false });
        const later = system.run(reminding, { fails: false }, { startIn: day, onOverload: "reject" });
        await later.started;
        await first.result;
        expect(await later.result).toMatchObject({ step: "file" });
      },
      { ...one, system: { maxRuns: 1 } },
    ));

  it("is refused with a time that is none, and with two", () =>
    underBoth(async ({ system }) => {
      const refused = (options: object) => {
        try {
          system.run(reminding, { fails: false }, options);
        } catch (error) {
          return String(error);
        }
        return "it was started";
      };
      expect(refused({ startIn: -1 })).toContain("startIn: expected a number of milliseconds from 0, received -1");
      expect(refused({ startAt: "monday" })).toContain("startAt: expected a date, or milliseconds since the epoch");
      expect(refused({ startAt: new Date(Number.NaN) })).toContain("startAt: expected a date");
      expect(refused({ startAt: 1, startIn: 1 })).toContain("it takes either startIn or startAt, and not both");
      expect(await system.run(reminding, { fails: false }, { startAt: 0 }).result).toMatchObject({ step: "file" });
    }, one));
});
