/** Public reports of fan-out: items that are dropped, bounds that are ignored, good items done again, and what had completed forgotten. */

import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { defineWorkflow } from "../../src/index.ts";
import { noted, underBoth, worker } from "./tasks.ts";

const Given = v.object({ count: v.number(), failing: v.array(v.number()), lastFails: v.boolean() });

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

const listed = (name: string, bounds: { readonly concurrency: number; readonly tolerate?: "all" }) =>
  defineWorkflow(import.meta.url, { name, version: "1.0.0", input: Given }).each(
    "item",
    worker,
    { over: ({ input }) => numbers(input.count), ...bounds },
    ({ input, item }) => ({ ms: 10, fails: input.failing.includes(item) }),
  );

describe("a list", () => {
  const oneByOne = listed("one-by-one", { concurrency: 1 });

  it("has six items done where one is worked on at a time: https://github.com/langchain-ai/langgraphjs/issues/2656", () =>
    underBoth(async ({ system }) => {
      const run = system.run(oneByOne, { count: 6, failing: [], lastFails: false });
      expect(await run.result).toHaveLength(6);
      expect(noted.done).toEqual(numbers(6).map((index) => `item[${index}]`));
    }));

  it("is worked on as far as its bound lets it, whatever its agent could take: https://github.com/langchain-ai/langgraph/pull/8944", () =>
    underBoth(
      async ({ system, now }) => {
        const begun = now();
        await system.run(listed("by-three", { concurrency: 3 }), { count: 7, failing: [], lastFails: false }).result;
        expect(now() - begun, "7 items of 10 ms, three at a time").toBe(30);
      },
      { faults: { delay: 0 } },
    ));

  it("keeps what its good items came to when others fail: https://github.com/mastra-ai/mastra/issues/21749", () =>
    underBoth(async ({ system }) => {
      const run = system.run(listed("any", { concurrency: 2, tolerate: "all" }), {
        count: 4,
        failing: [1, 2],
        lastFails: false,
      });
      expect(await run.result).toMatchObject([
        { output: { step: "item[0]" } },
        { error: { message: "item[1] can't" } },
        { error: { message: "item[2] can't" } },
        { output: { step: "item[3]" } },
      ]);
      expect(noted.done.toSorted()).toEqual(["item[0]", "item[3]"]);
    }));

  const parts = defineWorkflow(import.meta.url, { name: "parts", version: "1.0.0", input: Given })
    .step("before", worker, () => ({}))
    .each("item", worker, { after: ["before"], over: ({ input }) => numbers(input.count) }, () => ({}))
    .step("after", worker, { after: ["item"] }, () => ({}));
  const mixed = defineWorkflow(import.meta.url, { name: "mixed", version: "1.0.0", input: Given })
    .step("first", worker, () => ({}))
    .step("part", parts, { after: ["first"] }, ({ input }) => input)
    .step("last", worker, { after: ["part"] }, ({ input }) => ({ fails: input.lastFails }));

  it("is undone with all else that had completed, in reverse: https://github.com/aws/aws-durable-execution-sdk-python/issues/239", () =>
    underBoth(async ({ system }) => {
      const run = system.run(mixed, { count: 3, failing: [], lastFails: true });
      await expect(run.result).rejects.toMatchObject({ code: "step-failed", details: { step: "last" } });
      expect(noted.done).toHaveLength(6);
      expect(noted.undone).toEqual(noted.done.toReversed());
    }));
});
