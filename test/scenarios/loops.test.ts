/** Public reports of loops: rounds that cost more and more, ends that hang on a model's goodwill, runs that can't be spoken to. */

import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { defineAgent, defineWorkflow, isTroupeError } from "../../src/index.ts";
import { noted, second, stepsWith, underBoth, worker } from "./tasks.ts";

const Given = v.object({ rounds: v.number(), fails: v.optional(v.boolean(), false) });

/** A model that calls the tool which ends its work, or never does. */
const model = defineAgent(import.meta.url, {
  name: "model",
  version: "1.0.0",
  input: v.object({ isDone: v.boolean(), heard: v.array(v.string()) }),
  output: v.object({ isDone: v.boolean(), heard: v.array(v.string()) }),
  async execute({ isDone, heard }, context) {
    await context.sleep(second);
    return { isDone, heard };
  },
});

describe("a loop", () => {
  const counting = defineWorkflow(import.meta.url, { name: "counting", version: "1.0.0", input: Given }).loop(
    "count",
    model,
    { max: 500, until: ({ round, input }) => round === input.rounds },
    () => ({ isDone: false, heard: [] }),
  );

  it("keeps the newest rounds only, however many it goes: https://github.com/vercel/workflow/issues/1315", () =>
    underBoth(
      async ({ system }) => {
        const run = system.run(counting, { rounds: 500 });
        await run.result;
        const { steps } = await run.view();
        expect(Object.keys(steps).toSorted()).toEqual(["count", "count#499", "count#500"]);
        expect(steps["count"]).toMatchObject({ status: "finished", rounds: 500 });
        // what was let go of is in the history
        expect(stepsWith(await run.history(), "step-finished")).toHaveLength(501);
      },
      { runs: 1 },
    ));

  const tooled = (onMax: "fail" | "accept") =>
    defineWorkflow(import.meta.url, { name: `tooled-${onMax}`, version: "1.0.0", input: Given }).loop(
      "think",
      model,
      { max: 3, onMax, until: ({ last }) => last.isDone },
      ({ round, input }) => ({ isDone: round === input.rounds, heard: [] }),
    );

  it("ends by code where a model never says that it is done: https://github.com/google/adk-python/issues/2988", () =>
    underBoth(async ({ system }) => {
      expect(await system.run(tooled("fail"), { rounds: 2 }).result).toEqual({ isDone: true, heard: [] });
      expect(await system.run(tooled("accept"), { rounds: 9 }).result).toEqual({ isDone: false, heard: [] });
      const run = system.run(tooled("fail"), { rounds: 9 });
      await expect(run.result).rejects.toMatchObject({
        code: "step-failed",
        cause: { code: "loop-exhausted", details: { step: "think", max: 3 } },
      });
      expect(stepsWith(await run.history(), "step-started")).toEqual(["think", "think#1", "think#2", "think#3"]);
    }));

  const steered = defineWorkflow(import.meta.url, { name: "steered", version: "1.0.0", input: Given }).loop(
    "work",
    model,
    { inbox: v.string(), max: 4, onMax: "accept", until: ({ round, input }) => round >= input.rounds },
    ({ told, last }) => ({ isDone: false, heard: [...(last?.heard ?? []), ...told] }),
  );

  it("takes what a user says while its agent is at work, for the next round: https://github.com/langchain-ai/deepagents/pull/5122", () =>
    underBoth(async ({ system, sleep }) => {
      const run = system.run(steered, { rounds: 1 });
      await run.tell("work", "at first");
      await sleep(second / 2);
      await run.tell("work", "and then", { by: "ada", idempotencyKey: "mail-1" });
      await run.tell("work", "and then", { by: "ada", idempotencyKey: "mail-1" });
      expect(await run.result).toEqual({ isDone: false, heard: ["at first", "and then"] });
    }));

  it("reads a message that meets its end in one more round, or refuses it to its sender: https://github.com/earendil-works/pi/issues/403", async () => {
    const ends = { read: 0, refused: 0 };
    await underBoth(
      async ({ system, sleep }) => {
        for (let ms = -3; ms <= 3; ms++) {
          const run = system.run(steered, { rounds: 1 });
          await run.started;
          await sleep(second + ms);
          const isTaken = await run.tell("work", "wait").then(
            () => true,
            (error: unknown) => {
              expect(isTroupeError(error, "not-admissible")).toBe(true);
              return false;
            },
          );
          expect(await run.result).toEqual({ isDone: false, heard: isTaken ? ["wait"] : [] });
          ends[isTaken ? "read" : "refused"]++;
        }
      },
      { runs: 30 },
    );
    expect(Math.min(ends.read, ends.refused), "both happen").toBeGreaterThan(0);
  });

  it("refuses a message for which there is no further round: https://github.com/docker/docker-agent/pull/2363", () =>
    underBoth(async ({ system, sleep }) => {
      const run = system.run(steered, { rounds: 4 });
      await run.started;
      await sleep(3.5 * second);
      await expect(run.tell("work", "too late")).rejects.toMatchObject({
        code: "not-admissible",
        message: expect.stringContaining("has begun the last of its rounds") as string,
        details: { loop: "work", status: "running" },
      });
      await run.result;
      await expect(run.tell("work", "later")).rejects.toMatchObject({
        message: expect.stringContaining("has finished") as string,
      });
    }));

  const joined = defineWorkflow(import.meta.url, { name: "joined", version: "1.0.0", input: Given })
    .each("part", worker, { over: () => [1, 2] }, () => ({}))
    .loop("again", worker, { after: ["part"], max: 9, until: ({ round, input }) => round === input.rounds }, () => ({}))
    .step("aside", worker, () => ({ ms: 1 }))
    .step("last", worker, { after: ["again", "aside"] }, ({ input }) => ({ fails: input.fails }));

  it("is undone with all else that had completed, round by round, in reverse: https://github.com/cgreeno/temporalex/issues/77", () =>
    underBoth(async ({ system }) => {
      const run = system.run(joined, { rounds: 3, fails: true });
      await expect(run.result).rejects.toMatchObject({ code: "step-failed", details: { step: "last" } });
      expect(noted.done.filter((step) => step.startsWith("again"))).toEqual(["again#1", "again#2", "again#3"]);
      expect(noted.done).toHaveLength(6);
      const finished = stepsWith(await run.history(), "step-finished").filter((step) => noted.done.includes(step));
      expect(noted.undone).toEqual(finished.toReversed());
    }));

  it("is one step for those after it, which run once, whatever round it ends with: https://github.com/microsoft/agent-framework/issues/3060", () =>
    underBoth(async ({ system }) => {
      await system.run(joined, { rounds: 2 }).result;
      expect(noted.begun.filter((step) => step === "last")).toEqual(["last"]);
    }));
});
