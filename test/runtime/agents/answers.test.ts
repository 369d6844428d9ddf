/** An agent that says no, or takes its time, is not broken: its breaker lets the next call through. On the simulator, for its time. */

import { expect, it } from "vitest";
import * as v from "valibot";
import { defineAgent, defineWorkflow } from "../../../src/index.ts";
import { simulate } from "../../../src/testing/index.ts";
import { rejectionOf } from "../../fixtures/real-threads.ts";

const Order = v.object({
  cents: v.number(),
  patience: v.optional(v.number(), 0),
  isBroken: v.optional(v.boolean(), false),
});

const charge = defineAgent("test:answers", {
  name: "charge",
  version: "1.0.0",
  input: Order,
  output: v.string(),
  async execute({ cents, patience, isBroken }, context) {
    await context.sleep(patience);
    if (isBroken) throw Object.assign(new Error("the bank is down"), { code: "ECONNREFUSED" });
    if (cents > 50_000) throw new Error("the card was declined");
    return `${cents / 100} EUR paid`;
  },
});

const sale = defineWorkflow("test:answers", { name: "sale", version: "1.0.0", input: Order }).step(
  "charge",
  charge,
  ({ input }) => input,
);

const options = { runs: 5, seed: 1 };

it.each(["orchestrator", "relay"] as const)("forty declined cards don't close the shop, under the %s", (coordination) =>
  simulate(
    async ({ system }) => {
      for (let n = 0; n < 40; n++)
        expect(await rejectionOf(system.run(sale, { cents: 99_900 }).result)).toMatchObject({
          cause: { message: "the card was declined" },
        });
      expect(await system.run(sale, { cents: 4_900 }).result).toBe("49 EUR paid");
    },
    { ...options, system: { coordination } },
  ).then(() => undefined),
);

it("six calls that take two minutes each don't, either", () =>
  simulate(async ({ system }) => {
    for (let n = 0; n < 7; n++)
      expect(await system.run(sale, { cents: 100, patience: 120_000 }).result).toBe("1 EUR paid");
  }, options).then(() => undefined));

it.each(["orchestrator", "relay"] as const)("but five breakdowns do, under the %s", (coordination) =>
  simulate(
    async ({ system }) => {
      for (let n = 0; n < 5; n++)
        expect(await rejectionOf(system.run(sale, { cents: 100, isBroken: true }).result)).toMatchObject({
          cause: { code: "ECONNREFUSED" },
        });
      expect(await rejectionOf(system.run(sale, { cents: 100 }).result)).toMatchObject({
        cause: { code: "breaker-open" },
      });
    },
    { ...options, system: { coordination } },
  ).then(() => undefined),
);
