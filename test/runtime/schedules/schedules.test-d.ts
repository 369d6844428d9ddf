/** The types of `system.schedules.set`: the input is the workflow's, as data or by a function of the time, and there is one way to say when. */

import { expectTypeOf, test } from "vitest";
import * as v from "valibot";
import { defineAgent, defineWorkflow, type ScheduleView, type System } from "../../../src/index.ts";

const agent = defineAgent("test:schedules", {
  name: "agent",
  version: "1",
  input: v.object({ day: v.string() }),
  output: v.null(),
  execute: () => null,
});
const report = defineWorkflow("test:schedules", {
  name: "report",
  version: "1",
  input: v.object({ day: v.string() }),
}).step("write", agent, ({ input }) => input);

declare const system: System;

test("the input is data, or a function of the time", () => {
  expectTypeOf(system.schedules.set("a", report, { at: 1 }, { day: "x" })).resolves.toEqualTypeOf<ScheduleView>();
  void system.schedules.set("a", report, { cron: "0 2 * * *", timeZone: "Europe/Lisbon" }, (at) => {
    expectTypeOf(at).toEqualTypeOf<Date>();
    return { day: at.toISOString() };
  });
  // @ts-expect-error the workflow's input has a day
  void system.schedules.set("a", report, { every: 5 }, { dy: "x" });
  // @ts-expect-error a day is a text
  void system.schedules.set("a", report, { every: 5 }, (at) => ({ day: at }));
});

test("there is one way to say when", () => {
  // @ts-expect-error by a cron expression or every so often
  void system.schedules.set("a", report, { every: 5, cron: "* * * * *" }, { day: "x" });
  // @ts-expect-error only cron expressions have a zone
  void system.schedules.set("a", report, { every: 5, timeZone: "UTC" }, { day: "x" });
  // @ts-expect-error there has to be one
  void system.schedules.set("a", report, { overlap: "skip" }, { day: "x" });
  // @ts-expect-error there is no such policy
  void system.schedules.set("a", report, { at: 1, overlap: "wait" }, { day: "x" });
});
