/** What the overload bench offers: a quote made by two agents that take their time. */

import { defineAgent, defineWorkflow } from "troupe";
import * as v from "valibot";

const Request = v.object({ id: v.number(), cents: v.number() });
const Found = v.object({ id: v.number(), cents: v.number(), history: v.array(v.number()) });
const Quote = v.object({ id: v.number(), cents: v.number() });

/** Milliseconds that a look-up waits for something outside, and how many wait at a time: 200 a second at best. */
const lookUpTakes = 20;
const lookUps = 4;
/** Milliseconds of computing for a quote. */
const quoteTakes = 1;

/** Waits, as who asks a database or a model does. */
export const lookUp = defineAgent(import.meta.url, {
  name: "look-up",
  version: "1.0.0",
  input: Request,
  output: Found,
  concurrency: lookUps,
  async execute({ id, cents }, context) {
    await context.sleep(lookUpTakes);
    return { id, cents, history: [1, 2, 3, 5, 8].map((n) => n * cents) };
  },
});

/** Computes. */
export const price = defineAgent(import.meta.url, {
  name: "price",
  version: "1.0.0",
  input: Found,
  output: Quote,
  execute({ id, cents, history }) {
    const until = performance.now() + quoteTakes;
    while (performance.now() < until);
    return { id, cents: cents + (history.at(-1) ?? 0) };
  },
});

export const quote = defineWorkflow(import.meta.url, { name: "quote", version: "1.0.0", input: Request })
  .step("lookUp", lookUp, ({ input }) => input)
  .step("price", price, { after: ["lookUp"] }, ({ lookUp: found }) => found);
