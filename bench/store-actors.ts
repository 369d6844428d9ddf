/** The actor that reads state on its own thread, and times it there. */

import { defineActor, defineState } from "troupe";
import * as v from "valibot";

/** A state of some 40 leaves, of which a commit changes two. */
export const account = defineState({
  name: "account",
  version: 1,
  schema: v.object({
    owner: v.object({ name: v.string(), city: v.string() }),
    cents: v.number(),
    changes: v.number(),
    limits: v.record(v.string(), v.object({ daily: v.number(), monthly: v.number(), isFixed: v.boolean() })),
  }),
  initial: () => ({
    owner: { name: "Anna", city: "Bonn" },
    cents: 0,
    changes: 0,
    limits: Object.fromEntries(
      Array.from({ length: 13 }, (_, i) => [`kind-${i}`, { daily: i, monthly: 30 * i, isFixed: i % 2 === 0 }]),
    ),
  }),
});

/** Sums are returned so that reading isn't optimised away. */
export const reader = defineActor(import.meta.url, {
  name: "reader",
  protocol: {
    read: { input: v.number(), reply: v.object({ ms: v.number(), sum: v.number() }) },
    property: { input: v.number(), reply: v.object({ ms: v.number(), sum: v.number() }) },
  },
  on: {
    async read(_draft, times, context) {
      let sum = 0;
      const start = performance.now();
      for (let i = 0; i < times; i++) sum += (await context.read(account, "read")).cents;
      return { ms: performance.now() - start, sum };
    },
    async property(_draft, times, context) {
      const states = [await context.read(account, "read")];
      let sum = 0;
      const start = performance.now();
      for (let i = 0; i < times; i++) sum += states[i % states.length]?.cents ?? 0;
      return { ms: performance.now() - start, sum };
    },
  },
});
