/** `system.runOnce`: under one id there is one run, whoever asks for it, and however often. */

import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { defineAgent, defineState, defineWorkflow } from "../../../src/index.ts";
import { simulate } from "../../../src/testing/index.ts";

const sales = defineState({ name: "sales", version: 1, schema: v.array(v.string()), initial: () => [] });

const Order = v.object({ id: v.string(), note: v.optional(v.string()), at: v.optional(v.date()) });

const seller = defineAgent(import.meta.url, {
  name: "seller",
  version: "1.0.0",
  input: Order,
  output: v.string(),
  async execute({ id }, context) {
    await context.sleep(5);
    await context.commit(sales, "today", (sold) => void sold.push(id));
    return `receipt for ${id}`;
  },
});

export const sale = defineWorkflow(import.meta.url, { name: "sale", version: "1.0.0", input: Order }).step(
  "sell",
  seller,
  ({ input }) => input,
);
export const gift = defineWorkflow(import.meta.url, { name: "gift", version: "1.0.0", input: Order }).step(
  "sell",
  seller,
  ({ input }) => input,
);

const order = { id: "o-1", note: undefined, at: new Date(0) };

describe("runOnce", () => {
  it("starts one run for all who ask, also in the processes that follow", async () => {
    const { crashes } = await simulate(
      async (world) => {
        const ask = (): Promise<string> =>
          world.survive(async ({ system }) => (await system.runOnce(sale, order, { id: "o-1" })).result);
        expect(await Promise.all([ask(), ask(), ask()])).toEqual(Array.from({ length: 3 }, () => "receipt for o-1"));
        expect(await ask()).toBe("receipt for o-1");
        await world.survive(async ({ system }) => {
          expect(await system.store.read(sales, "today")).toEqual(["o-1"]);
        });
      },
      {
        seed: 1,
        runs: 60,
        journal: "durable",
        faults: { processCrash: 0.02, maxProcessCrashes: 3, threadDeath: 0.01 },
      },
    );
    expect(crashes).toBeGreaterThan(20);
  });

  it("refuses another input, another workflow and a missing id, and starts nothing", async () => {
    await simulate(
      async ({ system }) => {
        const { result, id } = await system.runOnce(sale, order, { id: "o-1" });
        await result;
        const again = (given: object, workflow = sale, options: object = { id }) =>
          system.runOnce(workflow, given as typeof order, options as { id: string });
        expect((await again({ ...order, at: new Date(0) })).id).toBe("o-1");
        await expect(again({ id: "o-2" })).rejects.toMatchObject({
          code: "run-exists",
          message: expect.stringContaining("the run o-1 was started with another input"),
          details: { run: "o-1" },
        });
        await expect(again(order, gift)).rejects.toMatchObject({
          code: "run-exists",
          message: "the run o-1 is one of sale@1.0.0, not of gift@1.0.0.",
        });
        await expect(again({ id: 1 })).rejects.toMatchObject({ code: "contract-violated" });
        await expect(again(order, sale, {})).rejects.toMatchObject({
          code: "invalid-options",
          message: expect.stringMatching(/^runOnce: .*id/),
        });
        expect(await system.store.read(sales, "today")).toEqual(["o-1"]);
      },
      { seed: 1, runs: 5 },
    );
  });
});
