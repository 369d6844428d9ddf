/** Public reports of joins that never run, run twice, or wait for a branch that has nothing to do with them. */

import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { defineWorkflow } from "../../src/index.ts";
import { noted, second, stepsWith, underBoth, worker } from "./tasks.ts";

const Route = v.object({ route: v.boolean() });

describe("a join after a branch that was not taken", () => {
  const routed = defineWorkflow(import.meta.url, { name: "routed", version: "1.0.0", input: Route })
    .step("A", worker, { when: ({ input }) => input.route }, () => ({}))
    .step("B", worker, { when: ({ input }) => !input.route }, () => ({}))
    .step("C", worker, { after: ["A", "B"] }, () => ({}))
    .step("D", worker, { after: ["C"] }, () => ({}));

  it.each([true, false])(
    "runs once, and so does what follows: https://github.com/langchain-ai/langgraphjs/issues/2666 (%s)",
    (route) =>
      underBoth(async ({ system }) => {
        const run = system.run(routed, { route });
        expect(await run.result).toMatchObject({ step: "D" });
        expect(noted.done).toEqual([route ? "A" : "B", "C", "D"]);
        expect(stepsWith(await run.history(), "step-skipped")).toEqual([route ? "B" : "A"]);
      }),
  );

  const merging = defineWorkflow(import.meta.url, { name: "merging", version: "1.0.0", input: Route })
    .step("choice", worker, () => ({}))
    .step("longer", worker, { after: ["choice"], when: ({ input }) => input.route }, () => ({}))
    .step("merge", worker, { after: ["choice", "longer"] }, () => ({}))
    .step("next", worker, { after: ["merge"] }, () => ({}));

  it.each([true, false])(
    "runs though only one branch has a step between: https://github.com/twentyhq/twenty/issues/24071 (%s)",
    (route) =>
      underBoth(async ({ system }) => {
        const run = system.run(merging, { route });
        expect(await run.result).toMatchObject({ step: "next" });
        expect(noted.done).toEqual(route ? ["choice", "longer", "merge", "next"] : ["choice", "merge", "next"]);
      }),
  );

  it("is what the types make one handle: https://github.com/mastra-ai/mastra/issues/9107", () =>
    underBoth(async ({ system }) => {
      const given = v.object({ refund: v.boolean() });
      const claim = defineWorkflow(import.meta.url, { name: "claim", version: "1.0.0", input: given })
        .step("refund", worker, { when: ({ input }) => input.refund }, () => ({}))
        .step("letter", worker, { needs: ["refund"] }, ({ refund }) => ({ ms: refund.step.length }))
        // @ts-expect-error `refund` may be missing
        .step("report", worker, { after: ["refund"] }, ({ refund }) => ({ ms: refund.step.length }));
      expect(await system.run(claim, { refund: true }).result).toMatchObject({ step: "report" });
      const run = system.run(claim, { refund: false });
      await expect(run.result).rejects.toMatchObject({ code: "step-failed", details: { step: "report" } });
      expect(stepsWith(await run.history(), "step-skipped")).toEqual(["refund", "letter"]);
    }));
});

describe("a join after branches of different lengths", () => {
  const Nothing = v.object({});
  const uneven = defineWorkflow(import.meta.url, { name: "uneven", version: "1.0.0", input: Nothing })
    .step("test1", worker, () => ({}))
    .step("test2", worker, { after: ["test1"] }, () => ({}))
    .step("test3", worker, () => ({}))
    .step("test4", worker, { after: ["test3"] }, () => ({}))
    .step("test5", worker, { after: ["test4"] }, () => ({}))
    .step("test6", worker, { after: ["test2", "test5"] }, () => ({}));

  it("runs once: https://github.com/langchain-ai/langgraphjs/issues/1535", () =>
    underBoth(async ({ system }) => {
      await system.run(uneven, {}).result;
      expect(noted.done.toSorted()).toEqual(["test1", "test2", "test3", "test4", "test5", "test6"]);
      expect(noted.done.at(-1)).toBe("test6");
    }));

  const chains = defineWorkflow(import.meta.url, { name: "chains", version: "1.0.0", input: Nothing })
    .step("short-1", worker, () => ({ ms: 5 * second }))
    .step("short-2", worker, { after: ["short-1"] }, () => ({ ms: 5 * second }))
    .step("short-3", worker, { after: ["short-2"] }, () => ({ ms: 5 * second }))
    .step("long", worker, () => ({ ms: 20 * second }))
    .step("join", worker, { after: ["short-3", "long"] }, () => ({}));

  it("takes as long as the longest of them, since there are no supersteps: https://github.com/microsoft/agent-framework/issues/3087", () =>
    underBoth(
      async ({ system, now }) => {
        const begun = now();
        await system.run(chains, {}).result;
        expect(now() - begun, "20 s, not 20 + 5 + 5").toBe(20 * second);
      },
      { faults: { delay: 0 } },
    ));
});
