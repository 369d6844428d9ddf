/** A workflow with a list, some of whose items may fail. */

import * as v from "valibot";
import { defineAgent, defineState, defineWorkflow } from "../../src/index.ts";

/** How many items of an order are worked on, in the store: the agents say so themselves, whatever the run's history says. */
export const bench = defineState({
  name: "bench",
  version: 1,
  schema: v.object({ entries: v.array(v.string()) }),
  initial: () => ({ entries: [] as string[] }),
});

const Piece = v.object({ order: v.string(), size: v.number(), fails: v.boolean() });

export const worker = defineAgent(import.meta.url, {
  name: "bench-worker",
  version: "1.0.0",
  input: Piece,
  output: v.object({ order: v.string(), size: v.number() }),
  concurrency: 8,
  policies: { breaker: false },
  async execute({ order, size, fails }, context) {
    await context.sleep(size % 3);
    if (fails) throw new Error(`${context.step} can't`);
    await context.commit(bench, order, ({ entries }) => void entries.push(`+${context.step}`));
    return { order, size };
  },
  compensate: ({ order }, context) =>
    context.commit(bench, order, ({ entries }) => void entries.push(`-${context.step}`)).then(() => undefined),
});

const Order = v.object({
  order: v.string(),
  sizes: v.array(v.number()),
  /** The items that fail. */
  fails: v.array(v.number()),
  /** Those of them for which the fallback stands in. */
  stands: v.array(v.number()),
  lastFails: v.boolean(),
});

export const concurrency = 3;
export const tolerate = 2;

const Cut = v.object({ order: v.string(), size: v.number(), fails: v.boolean(), stands: v.boolean() });

/** What a piece is where it is a whole workflow: it is cut, and polished, which is what may fail. */
const making = defineWorkflow(import.meta.url, { name: "making", version: "1.0.0", input: Cut })
  .step("cut", worker, ({ input: { order, size } }) => ({ order, size, fails: false }))
  .step(
    "polish",
    worker,
    {
      after: ["cut"],
      fallback({ input, cut }, error) {
        if (!input.stands) throw error;
        return { order: input.order, size: cut.size + 100 };
      },
    },
    ({ input: { order, fails }, cut }) => ({ order, size: cut.size, fails }),
  );

/** The same with a whole workflow for each size. */
export const wholes = defineWorkflow(import.meta.url, { name: "wholes", version: "1.0.0", input: Order })
  .step("first", worker, ({ input }) => ({ order: input.order, size: 1, fails: false }))
  .each(
    "piece",
    making,
    { after: ["first"], over: ({ input }) => input.sizes, concurrency, tolerate },
    ({ input: { order, fails, stands }, item: size, index }) => ({
      ...{ order, size, fails: fails.includes(index), stands: stands.includes(index) },
    }),
  )
  .step("last", worker, { after: ["piece"] }, ({ input, piece }) => ({
    order: input.order,
    size: piece.reduce((sum, { output }) => sum + (output?.size ?? 0), 0),
    fails: input.lastFails,
  }));

/** first, then an item for each size, three at a time and two of them may fail, where no fallback stands in; and last. */
export const pieces = defineWorkflow(import.meta.url, { name: "pieces", version: "1.0.0", input: Order })
  .step("first", worker, ({ input }) => ({ order: input.order, size: 1, fails: false }))
  .each(
    "piece",
    worker,
    {
      after: ["first"],
      over: ({ input }) => input.sizes,
      concurrency,
      tolerate,
      fallback({ input, item, index }, error) {
        if (!input.stands.includes(index)) throw error;
        return { order: input.order, size: item + 100 };
      },
    },
    ({ input, item, index }) => ({ order: input.order, size: item, fails: input.fails.includes(index) }),
  )
  .step("last", worker, { after: ["piece"] }, ({ input, piece }) => ({
    order: input.order,
    size: piece.reduce((sum, { output }) => sum + (output?.size ?? 0), 0),
    fails: input.lastFails,
  }));
