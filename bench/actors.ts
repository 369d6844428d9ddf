/** The actors that the benches talk to. */

import { type Address, defineActor } from "troupe";
import * as v from "valibot";

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

/** Spawns others, `atOnce` at a time; replies with how many milliseconds that took. */
const children: Address[] = [];
export const parent = defineActor(import.meta.url, {
  name: "parent",
  protocol: {
    spawn: { input: v.object({ count: v.number(), atOnce: v.number(), thread: v.number() }), reply: v.number() },
    disown: { reply: v.array(v.custom<Address>((value) => typeof value === "string")) },
    collect: {},
  },
  on: {
    async spawn(_draft, { count, atOnce, thread }, context) {
      const start = performance.now();
      for (let spawned = 0; spawned < count; spawned += atOnce) {
        const refs = await Promise.all(
          Array.from({ length: atOnce }, () => context.spawn(sink, { placement: { thread } })),
        );
        for (const { address } of refs) children.push(address);
      }
      return performance.now() - start;
    },
    disown: () => children.splice(0),
    /** Frees what its thread no longer uses; for processes with `--expose-gc`. */
    collect() {
      (globalThis as { gc?: () => void }).gc?.();
    },
  },
});
