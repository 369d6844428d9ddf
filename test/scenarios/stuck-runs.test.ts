/** Public reports of steps that run twice at a time, runs that stay where they are after a sleep, and runs that are not stopped. */

import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { defineWorkflow, isTroupeError } from "../../src/index.ts";
import { day, noted, second, stepsWith, underBoth, worker } from "./tasks.ts";

const Nothing = v.object({});
const Approval = v.object({ approved: v.boolean() });
const yes = { approved: true };
const durable = { journal: "durable" } as const;

describe("a step in flight", () => {
  const busy = defineWorkflow(import.meta.url, { name: "busy", version: "1.0.0", input: Nothing })
    .step("long", worker, () => ({ ms: 10 * second }))
    .waitFor("hook", { answer: Approval }, () => "?")
    .pause("nap", { ms: 3 * second })
    .step("join", worker, { after: ["long", "hook", "nap"] }, () => ({}));

  it("is not begun again by what else wakes the run: https://github.com/vercel/workflow/issues/2780", () =>
    underBoth(async ({ system, sleep }) => {
      const run = system.run(busy, {});
      await sleep(2 * second);
      await run.tell("hook", yes, { idempotencyKey: "once" });
      await run.tell("hook", yes, { idempotencyKey: "once" });
      await sleep(2 * second);
      await system.switchCoordination(system.coordination === "relay" ? "orchestrator" : "relay");
      await run.result;
      expect(noted.begun).toEqual(["long", "join"]);
      expect(stepsWith(await run.history(), "step-started")).toEqual(["long", "join"]);
    }));
});

describe("an answer that meets its timeout and a crash", () => {
  const racing = defineWorkflow(import.meta.url, { name: "racing", version: "1.0.0", input: Nothing })
    .waitFor("message", { answer: Approval, timeout: 1_000, otherwise: () => ({ approved: false }) }, () => "?")
    .step("use", worker, { needs: ["message"] }, ({ message }) => ({ ms: message.approved ? 2 : 1 }));

  it("has one outcome, and its history says which: https://github.com/dbos-inc/dbos-transact-ts/pull/1206", async () => {
    const outcomes = new Set<boolean>();
    await underBoth(
      async ({ system, crash, random, sleep }) => {
        await system.run(racing, {}, { id: "r" }).started;
        await sleep(900);
        const run = await (await crash({ downtime: random() * 80 })).findRun(racing, "r");
        await sleep(random() * 60);
        const isTaken = await run.tell("message", yes).then(
          () => true,
          (error: unknown) => {
            if (!isTroupeError(error, "not-admissible")) throw error;
            return false;
          },
        );
        await run.result;
        const history = await run.history();
        const ends = history.flatMap(({ event }) =>
          event.type === "step-finished" && event.step === "message" ? [event.output] : [],
        );
        expect(ends).toEqual([{ approved: isTaken }]);
        expect(noted.done).toEqual(["use"]);
        outcomes.add(isTaken);
      },
      { ...durable, runs: 60, system: { workflows: [racing] } },
    );
    expect(outcomes, "the race was one").toEqual(new Set([true, false]));
  });
});

describe("a run that sleeps", () => {
  const napping = defineWorkflow(import.meta.url, {
    name: "napping",
    version: "1.0.0",
    input: v.object({ ms: v.number() }),
  })
    .pause("nap", { until: ({ input }) => input.ms })
    .step("after", worker, { after: ["nap"] }, () => ({}));

  it("goes on at its time, however odd that is: https://github.com/vercel/workflow/issues/634", () =>
    underBoth(
      async ({ system, now, random }) => {
        const times = Array.from({ length: 20 }, () => now() + 50 + random() * 8_950);
        const runs = times.map((ms) => system.run(napping, { ms }));
        for (const [index, run] of runs.entries())
          expect((await run.result).at - (times[index] as number), "late by milliseconds").toBeLessThan(2);
      },
      { faults: { delay: 0 } },
    ));

  const yearly = defineWorkflow(import.meta.url, { name: "yearly", version: "1.0.0", input: Nothing })
    .step("open", worker, () => ({}))
    .pause("spring", { after: ["open"], ms: 91 * day })
    .pause("summer", { after: ["spring"], ms: 91 * day })
    .pause("autumn", { after: ["summer"], ms: 91 * day })
    .pause("winter", { after: ["autumn"], ms: 92 * day })
    .step("close", worker, { after: ["winter"] }, () => ({}));

  it("wakes after a year, with a crash in each quarter, and says all the time why it sleeps: https://github.com/vercel/workflow/issues/392", () =>
    underBoth(
      async ({ system, crash, now, random, sleep }) => {
        const begun = now();
        let run = system.run(yearly, {}, { id: "r" });
        await run.started;
        for (const [index, season] of ["spring", "summer", "autumn", "winter"].entries()) {
          await sleep(begun + (91 * index + 1 + random() * 80) * day - now());
          run = await (await crash()).findRun(yearly, "r");
          const [first] = await run.pending();
          expect(first).toMatchObject({ step: season, for: "time" });
          const { since = 0, until = 0 } = (await run.view()).steps[season] ?? {};
          expect(until - since).toBe((season === "winter" ? 92 : 91) * day);
          expect(await run.why(season)).toContain(new Date(until).toISOString());
        }
        const { at } = await run.result;
        expect(at - begun - 365 * day, "late by milliseconds").toBeLessThan(second);
        expect(noted.done).toEqual(["open", "close"]);
      },
      { ...durable, system: { workflows: [yearly] } },
    ));

  it("is awake at its time after the machine's clock was set, or slept through it: https://github.com/vercel/workflow/issues/510", () =>
    underBoth(async ({ system, now, jumpClock, sleep }) => {
      const run = system.run(napping, { ms: now() + 10 * day });
      await sleep(second);
      jumpClock(11 * day);
      expect(await run.result).toMatchObject({ step: "after" });
    }));
});

describe("a run that is cancelled", () => {
  const charging = defineWorkflow(import.meta.url, { name: "charging", version: "1.0.0", input: Nothing })
    .step("reserve", worker, () => ({}))
    .step("slow", worker, { after: ["reserve"] }, () => ({ ms: 8 * second }))
    .step("next", worker, { after: ["slow"] }, () => ({}));

  it("stops the code that runs, and undoes what was done: https://github.com/langchain-ai/langgraphjs/issues/2755", () =>
    underBoth(async ({ system, now, sleep }) => {
      const begun = now();
      const run = system.run(charging, {});
      await sleep(2 * second);
      await run.cancel("by the user");
      await expect(run.result).rejects.toMatchObject({ code: "run-cancelled" });
      expect(now() - begun, "not when the step would have ended").toBeLessThan(3 * second);
      await sleep(10 * second);
      expect(noted).toEqual({ begun: ["reserve", "slow"], done: ["reserve"], undone: ["reserve"] });
    }));
});

describe("an approval that is not answered", () => {
  const asking = { answer: Approval, timeout: 300 * second };
  const halting = defineWorkflow(import.meta.url, { name: "halting", version: "1.0.0", input: Nothing })
    .step("plan", worker, () => ({}))
    .waitFor("approval", { ...asking, after: ["plan"] }, () => "Delete it?")
    .step("delete", worker, { needs: ["approval"] }, () => ({}));

  it("ends the run when it has a timeout and nothing else: https://github.com/NousResearch/hermes-agent/issues/54110", () =>
    underBoth(async ({ system }) => {
      const run = system.run(halting, {});
      await expect(run.result).rejects.toMatchObject({
        code: "step-failed",
        details: { step: "approval" },
        cause: { code: "timed-out" },
      });
      expect(noted).toEqual({ begun: ["plan"], done: ["plan"], undone: ["plan"] });
      expect(await run.why("approval")).toContain("failed");
    }));

  const assuming = defineWorkflow(import.meta.url, { name: "assuming", version: "1.0.0", input: Nothing })
    .waitFor("approval", { ...asking, otherwise: () => ({ approved: false }) }, () => "Delete it?")
    .step("delete", worker, { needs: ["approval"], when: ({ approval }) => approval.approved }, () => ({}))
    .step("report", worker, { after: ["delete"] }, () => ({}));

  it("goes on only with what the workflow says stands in for it, says so, and refuses who comes later: https://github.com/NousResearch/hermes-agent/issues/54110", () =>
    underBoth(async ({ system }) => {
      const run = system.run(assuming, {});
      await run.result;
      expect(noted.done).toEqual(["report"]);
      const end = (await run.history()).find(
        ({ event }) => event.type === "step-finished" && event.step === "approval",
      );
      expect(end?.event).toMatchObject({ isExpired: true, output: { approved: false } });
      await expect(run.tell("approval", yes)).rejects.toMatchObject({ code: "not-admissible" });
    }));

  const patient = defineWorkflow(import.meta.url, { name: "patient", version: "1.0.0", input: Nothing })
    .waitFor("approval", { answer: Approval }, () => "Delete it?")
    .step("delete", worker, { needs: ["approval"] }, () => ({}));

  it("is open for as long as it takes without one, and holds nothing: https://github.com/NousResearch/hermes-agent/issues/76235", () =>
    underBoth(
      async ({ system, sleep }) => {
        const run = system.run(patient, {});
        const beside = Array.from({ length: 5 }, () => system.run(patient, {}));
        await sleep(400 * day);
        expect((await system.stats()).runs).toMatchObject({ inFlight: 0, waiting: 0, parked: 6 });
        for (const one of [run, ...beside]) await one.tell("approval", yes);
        for (const one of [run, ...beside]) expect(await one.result).toMatchObject({ step: "delete" });
      },
      { system: { maxRuns: 2 } },
    ));
});
