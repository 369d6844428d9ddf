/** A workflow whose agents change versioned state, and undo it; which of them fail is part of a run's input. */

import * as v from "valibot";
import { defineAgent, defineState, defineWorkflow } from "../../src/index.ts";

/** What every execution and compensation of a run left behind, in the order committed. */
export const book = defineState({
  name: "book",
  version: 1,
  schema: v.object({ entries: v.array(v.string()), total: v.number() }),
  initial: () => ({ entries: [], total: 0 }),
});

const Task = v.object({ order: v.string(), amount: v.number(), ms: v.number(), fails: v.boolean() });
const Done = v.object({ order: v.string(), amount: v.number() });

/** Books an amount, after a while, and takes it back. */
const bookkeeper = (name: string) =>
  defineAgent(import.meta.url, {
    name,
    version: "1.0.0",
    input: Task,
    output: Done,
    concurrency: 4,
    policies: { breaker: false }, // what the runs before came to doesn't matter to the next
    async execute({ order, amount, ms, fails }, context) {
      if (ms > 0) await context.sleep(ms);
      if (fails) throw new Error(`${name} can't`);
      await context.commit(book, order, (draft) => {
        draft.entries.push(`+${context.step}`);
        draft.total += amount;
      });
      return { order, amount };
    },
    async compensate({ order, amount }, context) {
      await context.commit(book, order, (draft) => {
        draft.entries.push(`-${context.step}`);
        draft.total -= amount;
      });
    },
  });

export const reserve = bookkeeper("reserve");
export const charge = bookkeeper("charge");
export const pack = bookkeeper("pack");
export const ship = bookkeeper("ship");

export const steps = ["stock", "money", "parcel", "label", "truck"] as const;
export type Step = (typeof steps)[number];

export const Order = v.object({
  order: v.string(),
  amount: v.number(),
  /** How long each step takes. */
  pauses: v.record(v.string(), v.number()),
  fails: v.optional(v.string()),
});
export type Order = v.InferOutput<typeof Order>;

/** What an agent is given for a step of an order. */
export const task = (step: string, { order, amount, pauses, fails }: Order): v.InferOutput<typeof Task> => ({
  order,
  amount,
  ms: pauses[step] ?? 0,
  fails: fails === step,
});

/** stock and money at the same time; parcel after both; label after stock; truck after parcel and label. */
export const fulfilment = defineWorkflow(import.meta.url, { name: "fulfilment", version: "1.0.0", input: Order })
  .step("stock", reserve, ({ input }) => task("stock", input))
  .step("money", charge, ({ input }) => task("money", input))
  .step("parcel", pack, { after: ["stock", "money"] }, ({ input, stock, money }) => ({
    ...task("parcel", input),
    amount: stock.amount + money.amount,
  }))
  .step("label", reserve, { after: ["stock"] }, ({ input }) => task("label", input))
  .step("truck", ship, { after: ["parcel", "label"] }, ({ input, parcel, label }) => ({
    ...task("truck", input),
    amount: parcel.amount + label.amount,
  }));

/** What an order comes to when everything goes well: plain arithmetic. */
export function expectedTotal(amount: number): number {
  const stock = amount;
  const money = amount;
  const parcel = stock + money;
  const label = amount;
  return stock + money + parcel + label + (parcel + label);
}

/** What of the steps of {@link branching} is not done for an amount: money and with it parcel if it is even, label up to 2. */
export const skippedFor = (amount: number): Step[] => [
  ...(amount % 2 === 0 ? (["money", "parcel"] as const) : []),
  ...(amount > 2 ? [] : (["label"] as const)),
];

/** Two branches that come together: one of them may be missing, and something stands in for the other. */
export const branching = defineWorkflow(import.meta.url, { name: "branching", version: "1.0.0", input: Order })
  .step("stock", reserve, ({ input }) => task("stock", input))
  .step("money", charge, { after: ["stock"], when: ({ input }) => input.amount % 2 === 1 }, ({ input }) =>
    task("money", input),
  )
  .step("parcel", pack, { needs: ["money"] }, ({ input, money }) => ({
    ...task("parcel", input),
    amount: money.amount,
  }))
  .step(
    "label",
    reserve,
    { when: ({ input }) => input.amount > 2, otherwise: ({ input }) => ({ order: input.order, amount: 100 }) },
    ({ input }) => task("label", input),
  )
  .step("truck", ship, { after: ["parcel", "label"] }, ({ input, parcel, label }) => ({
    ...task("truck", input),
    amount: (parcel?.amount ?? 0) + label.amount,
  }));
