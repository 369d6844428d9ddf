/** Runs that are undone after they had completed. On the simulator; `test/invariants/recovery.test.ts` has the property. */

import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { type Coordination, defineAgent, defineWorkflow, type System } from "../../../src/index.ts";
import { simulate } from "../../../src/testing/index.ts";
import { rejectionOf } from "../../fixtures/real-threads.ts";

const url = "test:undoing";
const log: string[] = [];

const doer = defineAgent(url, {
  name: "doer",
  version: "1.0.0",
  input: v.string(),
  output: v.string(),
  policies: { breaker: false, compensationRetry: { attempts: 1 } },
  execute: (what) => what,
  compensate(what) {
    log.push(what);
    if (what === "stuck") throw new Error("glued");
  },
});

const small = defineWorkflow(url, { name: "small", version: "1.0.0", input: v.string() })
  .step("one", doer, ({ input }) => `${input}/one`)
  .step("two", doer, { after: ["one"] }, ({ input }) => `${input}/two`);

const whole = defineWorkflow(url, { name: "whole", version: "1.0.0", input: v.array(v.string()) })
  .step("first", doer, () => "first")
  .step("skipped", doer, { when: () => false }, () => "skipped")
  .step("part", small, { after: ["first"] }, () => "part")
  .each("item", doer, { after: ["part"], over: ({ input }) => input, concurrency: 1 }, ({ item }) => item);

const final = defineWorkflow(url, { name: "final", version: "1.0.0", input: v.string() })
  .step("pay", doer, { pointOfNoReturn: true }, ({ input }) => input)
  .step("tell", doer, { after: ["pay"] }, ({ input }) => input);

const once = { runs: 20, seed: 1 };

async function undone(system: System, input: string[], reason?: string): Promise<unknown> {
  await system.run(whole, input, { id: "r" }).result;
  log.length = 0;
  const run = await (await system.findRun(whole, "r")).undo(reason);
  return rejectionOf(run.result);
}

describe.each<Coordination>(["orchestrator", "relay"])("a run that had completed, under the %s", (coordination) => {
  const options = { ...once, system: { coordination } };

  it("is undone in reverse, through lists and sub-workflows, and says so", () =>
    simulate(async ({ system }) => {
      const before = system.run(whole, ["x", "y"], { id: "r" });
      await before.result;
      log.length = 0;
      const run = await before.undo("sent back");
      expect(await rejectionOf(run.result)).toMatchObject({
        code: "run-undone",
        message: expect.stringMatching(/had completed and was undone: sent back\. What had finished/) as string,
        details: { run: "r", reason: "sent back" },
      });
      expect(log).toEqual(["y", "x", "part/two", "part/one", "first"]);
      expect(await before.result).toEqual(["x", "y"]); // what it was
      expect(await run.view()).toMatchObject({ status: "undone", outputs: { first: "first" } });
      expect((await run.history()).slice(-1)[0]?.event).toEqual({
        type: "run-ended",
        status: "undone",
        reason: "sent back",
      });
      for await (const { status } of system.runs({ status: "undone" })) expect(status).toBe("undone");
    }, options));

  it("ends as compensation-failed where that can't be, and goes on from there", () =>
    simulate(async ({ system }) => {
      expect(await undone(system, ["x", "stuck"])).toMatchObject({
        code: "compensation-failed",
        message: expect.stringMatching(
          /after it had completed and was to be undone, the step "item\[1\]" could not/,
        ) as string,
      });
      const run = await system.findRun("r");
      await run.resolve("unglued");
      expect((await run.history()).at(-1)?.event).toMatchObject({ type: "run-ended", status: "resolved" });
    }, options));

  it("is undone once, however often that is asked", () =>
    simulate(async ({ system }) => {
      const run = system.run(small, "s", { id: "r" });
      await run.result;
      log.length = 0;
      const asked = await Promise.allSettled([run.undo(), run.undo(), run.undo()]);
      const [first, ...others] = asked.filter(({ status }) => status === "fulfilled");
      expect([first?.status, others]).toEqual(["fulfilled", []]);
      for (const one of asked) if (one.status === "fulfilled") await rejectionOf(one.value.result);
      expect(log).toEqual(["s/two", "s/one"]);
      expect(await rejectionOf(run.undo())).toMatchObject({
        code: "not-admissible",
        message: "the run r is undone: undo() is for runs that completed",
      });
    }, options));
});

describe("undoing is refused", () => {
  it("for a run that goes on, failed, or is past its point of no return", () =>
    simulate(async ({ system }) => {
      const open = system.run(small, "s", { id: "open" });
      await open.started;
      expect(await rejectionOf(open.undo())).toMatchObject({
        code: "not-admissible",
        message: "the run open is running: undo() is for runs that completed",
      });
      await open.result;
      const paid = system.run(final, "f", { id: "paid" });
      await paid.result;
      expect(await rejectionOf(paid.undo())).toMatchObject({
        code: "past-point-of-no-return",
        message: 'the run paid can\'t be undone any more: the step "pay", its point of no return, has finished',
      });
      expect(await rejectionOf(open.undo(7 as never))).toMatchObject({ code: "invalid-options" });
    }, once));

  it("for a run that is being forgotten, and one that is being undone is not forgotten", () =>
    simulate(
      async ({ system }) => {
        const run = system.run(small, "s", { id: "r" });
        await run.result;
        log.length = 0;
        const [undoing, forgetting] = await Promise.allSettled([run.undo(), system.forget("r")]);
        if (undoing.status === "fulfilled") {
          expect(await rejectionOf(undoing.value.result)).toMatchObject({ code: "run-undone" });
          expect(log).toEqual(["s/two", "s/one"]);
          if (forgetting.status === "rejected") expect(forgetting.reason).toMatchObject({ code: "not-admissible" });
        } else {
          expect(undoing.reason).toMatchObject({ code: "no-such-run" });
          expect([forgetting.status, log]).toEqual(["fulfilled", []]);
          expect(await rejectionOf(system.findRun("r"))).toMatchObject({ code: "no-such-run" });
        }
      },
      { runs: 200, seed: 1, journal: "durable" },
    ));
});
