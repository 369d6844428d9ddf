/** The actors that the benches talk to. */

import { defineActor } from "troupe";
import * as v from "valibot";
import { standing } from "./standing.ts";

/** A message of six fields, as in the baseline. */
export const Reading = v.object({
  sensor: v.number(),
  place: v.string(),
  isValid: v.boolean(),
  value: v.number(),
  unit: v.string(),
  history: v.array(v.number()),
});

export const reading = (): v.InferOutput<typeof Reading> => ({
  sensor: 1,
  place: "hall",
  isValid: true,
  value: 2.5,
  unit: "kelvin",
  history: [1, 2, 3],
});

/** Counts without state of its own in the runtime: what is left is the cost of the message. */
let taken = 0;
export const sink = defineActor(import.meta.url, {
  name: "sink",
  protocol: {
    take: { input: Reading },
    tick: {},
    taken: { reply: v.number() },
    echo: { input: v.number(), reply: v.number() },
  },
  on: {
    take() {
      taken++;
    },
    tick() {
      taken++;
    },
    taken: () => taken,
    echo: (_draft, n) => n,
  },
});

/** Counts in its state: each message runs over an immer draft. */
export const counter = defineActor(import.meta.url, {
  name: "counter",
  protocol: { take: { input: Reading }, taken: { reply: v.number() } },
  state: () => ({ taken: 0 }),
  on: {
    take(draft) {
      draft.taken++;
    },
    taken: (draft) => draft.taken,
  },
});

/** Tells how many bytes of its thread's heap are in use, once garbage is collected. */
export const scales = defineActor(import.meta.url, {
  name: "scales",
  protocol: { heap: { reply: v.number() } },
  on: { heap: () => standing().heap },
});

/** Passes messages on to another actor: how an actor on one thread talks to one on another. */
export const sender = defineActor(import.meta.url, {
  name: "sender",
  protocol: {
    tell: { input: v.object({ to: v.string(), count: v.number() }) },
    ask: { input: v.object({ to: v.string(), count: v.number() }), reply: v.number() },
  },
  on: {
    async tell(_draft, { to, count }, context) {
      const ref = await context.find(sink, to);
      for (let i = 0; i < count; i++) await ref.tell("take", reading());
    },
    async ask(_draft, { to, count }, context) {
      const ref = await context.find(sink, to);
      const start = performance.now();
      for (let i = 0; i < count; i++) await ref.ask("echo", i);
      return ((performance.now() - start) * 1000) / count;
    },
  },
});
