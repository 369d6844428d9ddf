/** A workflow whose inputs and outputs are each just within the limit of a message, and more than it together. */

import * as v from "valibot";
import { defineAgent, defineState, defineWorkflow } from "../../src/index.ts";

/** The limit of a message in the tests: an input of {@link largest} letters is just within it. */
export const maxMessageBytes = 4096;
/** What a text takes in a message of the form `{ text }`: its quotes, the braces and the field's name. */
const largest = maxMessageBytes - 12;

const Text = v.object({ text: v.string() });

/** How many parcels lie at a place. */
export const shelf = defineState({ name: "shelf", version: 1, schema: v.number(), initial: () => 0 });

export const pack = defineAgent(import.meta.url, {
  name: "pack",
  version: "1.0.0",
  input: Text,
  output: Text,
  policies: { breaker: false, retry: { attempts: 3, backoff: { first: 1 } } },
  async execute({ text }, context) {
    await context.commit(shelf, "all", (count) => count + 1);
    return { text };
  },
  async compensate(output, context, input) {
    if (output.text !== input.text) throw new Error("it is undone with something else");
    await context.commit(shelf, "all", (count) => count - 1);
  },
});

export const weigh = defineAgent(import.meta.url, {
  name: "weigh",
  version: "1.0.0",
  input: v.object({ letters: v.number(), isLost: v.boolean() }),
  output: v.number(),
  policies: { breaker: false },
  execute({ letters, isLost }) {
    if (isLost) throw new Error("lost");
    return letters;
  },
});

const Parcels = v.object({ text: v.string(), isLost: v.boolean() });

/** Four parcels, each as large as a message may be; then all of them are weighed. */
export const parcels = defineWorkflow(import.meta.url, { name: "parcels", version: "1.0.0", input: Parcels })
  .step("one", pack, ({ input }) => ({ text: input.text.repeat(largest) }))
  .step("two", pack, ({ input }) => ({ text: input.text.repeat(largest) }))
  .step("three", pack, { after: ["one"] }, ({ one }) => one)
  .step("four", pack, { after: ["two"] }, ({ two }) => two)
  .step("weigh", weigh, { after: ["one", "two", "three", "four"] }, ({ input, one, two, three, four }) => ({
    letters: one.text.length + two.text.length + three.text.length + four.text.length,
    isLost: input.isLost,
  }));
