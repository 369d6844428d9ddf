/** Schedules as their users set them, on the simulator; `test/invariants/due-once.test.ts` has the property. */

import { describe, expect, it } from "vitest";
import * as v from "valibot";
import {
  defineAgent,
  defineWorkflow,
  type ScheduleOptions,
  type System,
  type SystemEvent,
} from "../../../src/index.ts";
import { simulate, type World } from "../../../src/testing/index.ts";
import { rejectionOf } from "../../fixtures/real-threads.ts";

const second = 1_000;
const hour = 3_600 * second;

export const reporter = defineAgent(import.meta.url, {
  name: "reporter",
  version: "1.0.0",
  input: v.object({ day: v.string(), ms: v.optional(v.number()) }),
  output: v.string(),
  concurrency: 10,
  policies: { breaker: false },
  async execute({ day, ms = 0 }, context) {
    await context.sleep(ms);
    return `${day} for ${context.tenant ?? "all"}`;
  },
});

export const report = defineWorkflow(import.meta.url, {
  name: "report",
  version: "1.0.0",
  input: v.object({ day: v.string(), ms: v.optional(v.number()) }),
}).step("write", reporter, ({ input }) => input);

/** The simulation begins at midnight of the first of January 2026. */
const start = Date.UTC(2026, 0, 1);

async function once(scenario: (world: World) => Promise<void>): Promise<void> {
  await simulate(scenario, { seed: 1, runs: 3, journal: "durable" });
}

async function ids(system: System): Promise<string[]> {
  const found: string[] = [];
  for await (const { run } of system.runs()) found.push(run);
  return found;
}

describe("a schedule", () => {
  it("starts a run each night on the clocks of its zone, with the input of its time", () =>
    once(async ({ system, sleep }) => {
      const options = { cron: "0 2 * * *", timeZone: "America/New_York", tenant: "acme" };
      const view = await system.schedules.set("nightly", report, options, (at) => ({
        day: at.toISOString().slice(0, 10),
      }));
      expect(view).toEqual({
        id: "nightly",
        workflow: "report@1.0.0",
        times: { cron: "0 2 * * *", timeZone: "America/New_York" },
        overlap: "skip",
        catchUp: "latest",
        isMapped: true,
        tenant: "acme",
        next: start + 7 * hour,
      });
      await sleep(48 * hour);
      expect(await ids(system)).toEqual(["nightly@2026-01-01T07:00:00Z", "nightly@2026-01-02T07:00:00Z"]);
      const run = await system.findRun(report, "nightly@2026-01-02T07:00:00Z");
      expect(await run.result).toBe("2026-01-02 for acme");
      expect((await run.history())[0]?.time).toBeLessThan(start + 31 * hour + second);
    }));

  it("with one time has one run of its own id, however often it is set, and late after a crash", () =>
    once(async ({ system, crash, sleep }) => {
      const at = start + hour;
      const set = (one: System) => one.schedules.set("remind", report, { at: new Date(at) }, { day: "today" });
      await set(system);
      const next = await crash({ downtime: 2 * hour });
      await sleep(second);
      expect(await (await next.findRun(report, "remind")).result).toBe("today for all");
      const view = await set(next);
      expect(view).toMatchObject({ run: "remind", last: { outcome: "started", at } });
      expect(view.next).toBeUndefined();
      await sleep(hour);
      expect(await ids(next)).toEqual(["remind"]);
    }));

  it("has times wait for a function that no process has given yet", () =>
    once(async ({ system, crash, sleep }) => {
      const input = (at: Date): { day: string } => ({ day: at.toISOString() });
      await system.schedules.set("hourly", report, { every: hour, catchUp: "all" }, input);
      const next = await crash({ downtime: 3.5 * hour });
      await sleep(second);
      expect(await ids(next)).toEqual([]);
      await next.schedules.set("hourly", report, { every: hour, catchUp: "all", overlap: "queue" }, input);
      await sleep(10 * second);
      expect(await ids(next)).toHaveLength(3);
    }));

  it("that is paused has no runs, goes on from its next time, and is gone when it is removed", () =>
    once(async ({ system, sleep, now }) => {
      const { schedules } = system;
      await schedules.set("hourly", report, { every: hour, from: start }, { day: "x" });
      expect(await schedules.pause("hourly", "holidays")).toMatchObject({ paused: { reason: "holidays" } });
      await sleep(2.5 * hour);
      const resumed = await schedules.resume("hourly");
      expect(resumed.last).toEqual({ outcome: "paused", from: start + hour, at: start + 2 * hour });
      expect(resumed.next).toBe(start + 3 * hour);
      await sleep(hour);
      expect(await ids(system)).toHaveLength(1);
      await schedules.remove("hourly", "no need");
      await sleep(3 * hour);
      expect(await ids(system)).toHaveLength(1);
      expect(await rejectionOf(schedules.find("hourly"))).toMatchObject({ code: "no-such-schedule" });
      await schedules.set("hourly", report, { every: hour }, { day: "x" });
      expect((await schedules.find("hourly")).next).toBeGreaterThan(now());
    }));

  it("changes what becomes of times by its policies", () =>
    once(async ({ system, sleep }) => {
      const started = async (options: Omit<ScheduleOptions, "at" | "cron" | "timeZone" | "every" | "from">) => {
        const name = options.overlap ?? "none";
        await system.schedules.set(name, report, { every: 10 * second, ...options }, { day: name, ms: 25 * second });
      };
      for (const overlap of ["skip", "queue", "allow", "cancel"] as const) await started({ overlap });
      await sleep(61 * second);
      const all = await ids(system);
      const of = (name: string): number => all.filter((id) => id.startsWith(name)).length;
      expect([of("skip"), of("queue"), of("allow"), of("cancel")]).toEqual([2, 3, 6, 6]);
      const [first = ""] = all.filter((id) => id.startsWith("cancel"));
      expect((await (await system.findRun(first)).view()).status).toBe("cancelled");
    }));

  it("tells of a time that has no run, as its input doesn't fit, and goes on with the next", () =>
    once(async ({ system, sleep }) => {
      const told: SystemEvent[] = [];
      system.events$.subscribe((event) => event.type.startsWith("schedule") && told.push(event));
      let n = 0;
      await system.schedules.set("odd", report, { every: hour }, () => {
        if (n++ === 0) throw new Error("no day");
        return { day: n === 2 ? (7 as unknown as string) : "fine" };
      });
      await sleep(3 * hour + second);
      expect(told.map(({ type }) => type)).toEqual([
        ...["schedule-decided", "schedule-failed", "schedule-decided", "schedule-failed", "schedule-decided"],
      ]);
      expect(told[0]).toMatchObject({
        schedule: "odd",
        decision: { outcome: "failed", why: expect.stringContaining("no day") },
      });
      expect(told[2]).toMatchObject({ decision: { outcome: "failed", why: expect.stringContaining("day") } });
      expect(await ids(system)).toHaveLength(1);
    }));

  it("lists them, and refuses what is wrong with a word about it", () =>
    once(async ({ system: { schedules } }) => {
      await schedules.set("b", report, { every: hour }, { day: "x" });
      await schedules.set("a", report, { at: start + hour }, { day: "x" });
      const found: string[] = [];
      for await (const { id } of schedules.list()) found.push(id);
      expect(found).toEqual(["a", "b"]);
      const refused = async (options: object, input: unknown = { day: "x" }): Promise<string> =>
        String(await rejectionOf(schedules.set("c", report, options as never, input as never)));
      expect(await refused({})).toContain("expected one of cron, every and at, received none of them");
      expect(await refused({ cron: "* * * * *", every: 5 })).toContain("received cron and every");
      expect(await refused({ every: 5, timeZone: "UTC" })).toContain("timeZone: it goes with cron");
      expect(await refused({ cron: "* * * *" })).toContain("found 4");
      expect(await refused({ at: Number.NaN })).toContain("at: expected a date");
      expect(await refused({ every: 0 })).toContain("every");
      expect(await refused({ every: 5, evry: 5 })).toContain("there is no such option");
      expect(await refused({ every: 5 }, { dag: "x" })).toContain("input violates the contract at day");
      expect(await rejectionOf(schedules.pause("c"))).toMatchObject({ code: "no-such-schedule" });
      expect(await rejectionOf(schedules.set("", report, { every: 5 }, { day: "x" }))).toMatchObject({
        code: "invalid-options",
      });
    }));

  it("starts a run when it is asked to, also while it is paused, and keeps to its times", () =>
    once(async ({ system, sleep }) => {
      const { schedules } = system;
      await schedules.set("hourly", report, { every: hour, from: start }, (at) => ({
        day: at.toISOString(),
        ms: hour,
      }));
      await schedules.pause("hourly");
      const asked = (await schedules.trigger("hourly")).requests?.[0];
      const run = asked?.kind === "trigger" ? asked.run : "";
      await sleep(second);
      expect(await schedules.find("hourly")).toMatchObject({ run, last: { outcome: "started", by: "trigger", run } });
      expect((await schedules.find("hourly")).requests).toBeUndefined();
      await schedules.trigger("hourly"); // as it is skipped while that one goes on
      await sleep(second);
      expect((await schedules.find("hourly")).last).toMatchObject({ outcome: "skipped", by: "trigger", run });
      const others = await Promise.all([1, 2].map(() => schedules.trigger("hourly", { overlap: "allow" })));
      await sleep(second);
      expect(new Set(await ids(system)).size).toBe(3);
      expect(new Set(others.map(({ requests }) => JSON.stringify(requests))).size).toBe(2);
      await sleep(2 * hour);
      await schedules.resume("hourly");
      await sleep(hour);
      expect((await ids(system)).filter((id) => id.includes("@"))).toEqual(["hourly@2026-01-01T03:00:00Z"]);
      expect(await (await system.findRun(report, run)).result).toMatch(/^2026-01-01T00:00:00\.\d+Z for all$/);
    }));

  it("gives those of a past stretch their runs, one after another, and none twice", () =>
    once(async ({ system, crash, sleep }) => {
      const { schedules } = system;
      const nightly = { cron: "0 2 * * *", catchUp: "none" } as const;
      const set = (one: System) => one.schedules.set("nightly", report, nightly, { day: "x", ms: 10 * second });
      await set(system);
      await sleep(26.5 * hour);
      await schedules.backfill("nightly", { from: Date.UTC(2025, 11, 30), to: Date.UTC(2026, 0, 10) });
      await sleep(5 * second);
      expect(await ids(system)).toHaveLength(3); // the two nights of this year, and the first of the last
      const next = await crash({ downtime: 0 });
      await sleep(30 * second);
      const nights = [
        ...["nightly@2025-12-30T02:00:00Z", "nightly@2025-12-31T02:00:00Z"],
        ...["nightly@2026-01-01T02:00:00Z", "nightly@2026-01-02T02:00:00Z"],
      ];
      expect((await ids(next)).toSorted()).toEqual(nights);
      await next.schedules.backfill("nightly", { from: Date.UTC(2025, 11, 30), to: Date.UTC(2026, 0, 10) });
      await sleep(second);
      expect((await next.schedules.find("nightly")).requests).toBeUndefined();
      expect(await ids(next)).toHaveLength(4);
    }));

  it("gives all of a stretch theirs at once where it may, of times that no run was had while it was paused too", () =>
    once(async ({ system, sleep }) => {
      const { schedules } = system;
      await schedules.set("hourly", report, { every: hour, from: start }, { day: "x", ms: 5 * hour });
      await schedules.pause("hourly");
      await sleep(3.5 * hour);
      await schedules.backfill("hourly", { from: start, to: start + 3 * hour, overlap: "allow" });
      await sleep(second);
      expect(await ids(system)).toHaveLength(3);
    }));

  it("refuses a stretch without a time, with too many, and what is asked too often", () =>
    once(async ({ system: { schedules }, sleep }) => {
      await schedules.set("often", report, { every: second, from: start - 100_000 * second }, () => ({ day: "x" }));
      await sleep(second);
      const refused = async (options: object): Promise<string> =>
        String(await rejectionOf(schedules.backfill("often", options as never)));
      expect(await refused({ from: start, to: start - 1 })).toContain("no time of the schedule that has passed lies");
      expect(await refused({ from: start + hour, to: start + 2 * hour })).toContain("no time of the schedule");
      expect(await refused({ from: start - 50_000 * second, to: start })).toContain("more than 10000 times");
      expect(await refused({ from: start })).toContain("to: it is missing");
      expect(await refused({ from: start, to: start, overlap: "skip" })).toContain("overlap");
      expect(await rejectionOf(schedules.trigger("seldom"))).toMatchObject({ code: "no-such-schedule" });
      await schedules.set("stuck", report, { every: hour }, { day: "x", ms: 24 * hour });
      for (let n = 0; n < 102; n++) {
        const asking = schedules.trigger("stuck", { overlap: "queue" });
        if (n < 101) await asking;
        else expect(String(await rejectionOf(asking))).toContain("100 requests of the schedule wait already");
        if (n === 0) await sleep(second);
      }
    }));

  it("puts its runs into a queue, and has a time wait while that is full", () =>
    once(async ({ system, sleep }) => {
      await system.queues.set("reports", { all: { concurrency: 1, waiting: 1 } });
      const queue = { name: "reports", key: "acme" };
      const options = { every: 10 * second, overlap: "allow", catchUp: "all", queue } as const;
      expect(await system.schedules.set("often", report, options, { day: "x", ms: 25 * second })).toMatchObject({
        queue,
      });
      await sleep(35 * second);
      expect(await ids(system)).toHaveLength(2); // one goes on, one waits, and the third has no place
      expect(await system.queues.find("reports")).toMatchObject({ waiting: 1, released: 1 });
      await sleep(10 * second);
      expect(await ids(system)).toHaveLength(3);
    }));

  it("rests while the system is drained, and its times are the next process's", () =>
    once(async ({ system, crash, sleep }) => {
      await system.schedules.set("hourly", report, { every: hour, from: start }, { day: "x" });
      await system.drain();
      await sleep(1.5 * hour);
      expect(await ids(system)).toEqual([]);
      expect(await rejectionOf(system.schedules.resume("hourly"))).toMatchObject({ code: "system-closed" });
      const next = await crash({ downtime: 0 });
      await sleep(second);
      expect(await ids(next)).toEqual(["hourly@2026-01-01T01:00:00Z"]);
    }));
});
