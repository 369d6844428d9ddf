/** The agents that the verified workflows are made of. */

import * as v from "valibot";
import { defineAgent, defineWorkflow } from "../../../src/index.ts";

const url = "test:faulty";
const Claim = v.object({
  id: v.pipe(v.string(), v.nonEmpty()),
  cents: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(100_000)),
  kind: v.picklist(["car", "house", "travel"]),
});

export const assess = defineAgent(url, {
  name: "assess",
  version: "1.0.0",
  input: Claim,
  output: v.object({ risk: v.pipe(v.number(), v.minValue(0), v.maxValue(1)), note: v.nullable(v.string()) }),
  execute: () => ({ risk: 0, note: null }),
});
export const reserve = defineAgent(url, {
  name: "reserve",
  version: "1.0.0",
  input: v.object({ cents: v.pipe(v.number(), v.integer(), v.minValue(1)) }),
  output: v.object({ receipt: v.nullable(v.string()) }),
  execute: () => ({ receipt: "r" }),
  // a reservation that was already there has no receipt
  compensate: ({ receipt }) => void (receipt as string).length,
});
/** Writes of which nothing may be known, once they have failed. */
export const book = defineAgent(url, {
  name: "book",
  version: "1.0.0",
  input: v.object({ note: v.nullable(v.string()) }),
  output: v.object({ place: v.string() }),
  execute: () => ({ place: "p" }),
  compensate: () => undefined,
  compensateUnknown: ({ note }) => void (note as string).length,
});
export const pay = defineAgent(url, {
  name: "pay",
  version: "1.0.0",
  input: v.object({ id: v.string(), share: v.number() }),
  output: v.object({ paid: v.boolean() }),
  execute: () => ({ paid: true }),
});
export const inspect = defineAgent(url, {
  name: "inspect",
  version: "1.0.0",
  input: v.object({ part: v.string() }),
  output: v.object({ ok: v.boolean() }),
  execute: () => ({ ok: true }),
});
export const split = defineAgent(url, {
  name: "split",
  version: "1.0.0",
  input: Claim,
  output: v.object({ parts: v.array(v.string()) }),
  execute: () => ({ parts: [] }),
});

export const claim = (name: string) => defineWorkflow(url, { name, version: "1.0.0", input: Claim });
