/** A workflow that waits for three people while its other steps run. */

import * as v from "valibot";
import { defineWorkflow } from "../../src/index.ts";
import { charge, Order, reserve, ship, task } from "./workflows.ts";

const Answer = v.object({ by: v.number(), amount: v.number() });

export const waits = ["first", "second", "third"] as const;
export type WaitName = (typeof waits)[number];

/** first opens at once, second and third after stock; third is given up. Truck is where all come together. */
export const approving = defineWorkflow(import.meta.url, { name: "approving", version: "1.0.0", input: Order })
  .step("stock", reserve, ({ input }) => task("stock", input))
  .waitFor("first", { answer: Answer }, ({ input }) => ({ order: input.order }))
  .waitFor("second", { after: ["stock"], answer: Answer }, ({ stock }) => ({ amount: stock.amount }))
  .waitFor(
    "third",
    { after: ["stock"], answer: Answer, timeout: 30, otherwise: () => ({ by: -1, amount: 1000 }) },
    ({ input }) => ({ order: input.order }),
  )
  .step("money", charge, ({ input }) => task("money", input))
  .pause("cool", { after: ["money"], ms: 5 })
  .step("truck", ship, { after: ["stock", "cool"], needs: [...waits] }, ({ input, first, second, third }) => ({
    ...task("truck", input),
    amount: first.amount + second.amount + third.amount,
  }));
