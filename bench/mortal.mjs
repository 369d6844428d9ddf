/** An actor and an agent that take their thread down. Plain JavaScript, so that a new thread loads it as fast as compiled code. */

import { threadId } from "node:worker_threads";
import { defineActor, defineAgent, defineWorkflow } from "troupe";
import * as v from "valibot";

/** @type {Readonly<Record<string, () => void>>} */
const ways = {
  exit: () => process.exit(1),
  throw: () => {
    setImmediate(() => {
      throw new Error("outside of any handler");
    });
  },
  reject: () => {
    void Promise.reject(new Error("nobody handles it"));
  },
  heap: () => {
    let kept = {};
    for (;;) kept = { kept }; // no array: one that grows asks for so much at once that V8 ends the whole process now and then
  },
  loop: () => {
    for (;;);
  },
  wait: () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
};

export const mortal = defineActor(import.meta.url, {
  name: "mortal",
  protocol: {
    die: { input: v.string() },
    echo: { input: v.number(), reply: v.number() },
    threadId: { reply: v.number() },
  },
  on: {
    die: (_draft, way) => ways[way]?.(),
    echo: (_draft, n) => n,
    threadId: () => threadId,
  },
});

const Order = v.object({ n: v.number() });

export const worker = defineAgent(import.meta.url, {
  name: "worker",
  version: "1.0.0",
  input: Order,
  output: Order,
  execute: async (order) => order,
});

export const work = defineWorkflow(import.meta.url, { name: "work", version: "1.0.0", input: Order }).step(
  "work",
  worker,
  ({ input }) => input,
);
