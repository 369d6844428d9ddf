/** A workflow with a workflow as its step, and the same with the steps written out by hand. */

import * as v from "valibot";
import { defineWorkflow } from "../../src/index.ts";
import { charge, Order, pack, reserve, ship, task } from "./workflows.ts";

const Answer = v.object({ amount: v.number() });

/** pick and paper at the same time, with an answer that is waited for; seal after all of them, or not for the amount 3. */
const packing = defineWorkflow(import.meta.url, { name: "packing", version: "1.0.0", input: Order })
  .step("pick", pack, ({ input }) => task("parcel/pick", input))
  .step("paper", reserve, ({ input }) => task("parcel/paper", input))
  .waitFor("check", { after: ["pick"], answer: Answer }, ({ pick }) => pick.amount)
  .step(
    "seal",
    pack,
    { after: ["pick", "paper"], needs: ["check"], when: ({ input }) => input.amount !== 3 },
    ({ input, pick, check }) => ({ ...task("parcel/seal", input), amount: pick.amount + check.amount }),
  );

/** parcel is not done for the amount 4. */
export const nested = defineWorkflow(import.meta.url, { name: "nested", version: "1.0.0", input: Order })
  .step("stock", reserve, ({ input }) => task("stock", input))
  .step("money", charge, ({ input }) => task("money", input))
  .step("parcel", packing, { after: ["stock"], when: ({ input }) => input.amount !== 4 }, ({ input, stock }) => ({
    ...input,
    amount: stock.amount,
  }))
  .step("truck", ship, { after: ["money", "parcel"] }, ({ input, parcel }) => ({
    ...task("truck", input),
    amount: parcel?.amount ?? 0,
  }));

const isPacked = (given: { readonly input: Order }): boolean => given.input.amount !== 4;

export const writtenOut = defineWorkflow(import.meta.url, { name: "written-out", version: "1.0.0", input: Order })
  .step("stock", reserve, ({ input }) => task("stock", input))
  .step("money", charge, ({ input }) => task("money", input))
  .step("parcel-pick", pack, { after: ["stock"], when: isPacked }, ({ input, stock }) => ({
    ...task("parcel/pick", input),
    amount: stock.amount,
  }))
  .step("parcel-paper", reserve, { after: ["stock"], when: isPacked }, ({ input }) => task("parcel/paper", input))
  .waitFor("parcel-check", { needs: ["parcel-pick"], answer: Answer }, (given) => given["parcel-pick"].amount)
  .step(
    "parcel-seal",
    pack,
    {
      needs: ["parcel-pick", "parcel-paper", "parcel-check"],
      when: ({ input }) => input.amount !== 3,
    },
    (given) => ({
      ...task("parcel/seal", given.input),
      amount: given["parcel-pick"].amount + given["parcel-check"].amount,
    }),
  )
  .step("truck", ship, { after: ["money", "parcel-seal"] }, (given) => ({
    ...task("truck", given.input),
    amount: given["parcel-seal"]?.amount ?? 0,
  }));

export const parts = ["stock", "money", "parcel/pick", "parcel/paper", "parcel/seal", "truck"] as const;
