/** What the bench of telemetry runs: a workflow whose agents do nothing, one whose agents wait, and an actor that tells another one much. */

import { setTimeout as after } from "node:timers/promises";
import { defineActor, defineAgent, defineWorkflow } from "troupe";
import * as v from "valibot";
import { reading, sink } from "./actors.ts";

const Count = v.object({ n: v.number() });
const contract = { version: "1.0.0", input: Count, output: Count, concurrency: 1_000 };

export const idle = defineAgent(import.meta.url, { name: "idle", ...contract, execute: ({ n }) => ({ n: n + 1 }) });

/** As an agent does that calls a fast model. */
export const slow = defineAgent(import.meta.url, {
  name: "slow",
  ...contract,
  execute: ({ n }) => after(20, { n: n + 1 }),
});

export const idling = defineWorkflow(import.meta.url, { name: "idling", version: "1.0.0", input: Count })
  .step("first", idle, ({ input }) => input)
  .step("second", idle, { after: ["first"] }, ({ first }) => first)
  .step("third", idle, { after: ["second"] }, ({ second }) => second);

export const waiting = defineWorkflow(import.meta.url, { name: "waiting", version: "1.0.0", input: Count })
  .step("first", slow, ({ input }) => input)
  .step("second", slow, { after: ["first"] }, ({ first }) => first)
  .step("third", slow, { after: ["second"] }, ({ second }) => second);

/** Tells the sink on another thread so many readings, while it handles one message. */
export const teller = defineActor(import.meta.url, {
  name: "teller",
  protocol: { tell: { input: v.number(), reply: v.number() } },
  on: {
    async tell(_draft, count, context) {
      const to = await context.find(sink, "sink");
      for (let n = 0; n < count; n++) await to.tell("take", reading());
      return to.ask("taken");
    },
  },
});
