/** The agents that the bench of calls is about: one that calls, and those that it calls, on another thread. */

import { defineAgent, defineWorkflow } from "troupe";
import * as v from "valibot";
import { sink } from "./actors.ts";

const contract = { version: "1.0.0", input: v.number(), output: v.number() };

/** With the breaker that each agent has. */
export const echo = defineAgent(import.meta.url, {
  name: "echo",
  ...contract,
  placement: { thread: 2 },
  execute: (n) => n,
});

/** Without a gate. */
export const bareEcho = defineAgent(import.meta.url, {
  name: "bare-echo",
  ...contract,
  placement: { thread: 2 },
  policies: { breaker: false },
  execute: (n) => n,
});

export const ways = ["ask an actor", "ask an agent", "call an agent", "call an agent without a breaker"] as const;

const Round = v.object({ way: v.picklist(ways), count: v.number() });

/** Makes so many calls, one after the other, and returns the µs of processor time that each took, on all threads. */
export const caller = defineAgent(import.meta.url, {
  name: "caller",
  version: "1.0.0",
  input: Round,
  output: v.number(),
  placement: { thread: 1 },
  async execute({ way, count }, context) {
    const actor = await context.find(sink, "sink");
    const agent = await context.find(echo, "echo");
    const make = {
      "ask an actor": (n: number) => actor.ask("echo", n),
      "ask an agent": (n: number) => agent.ask("execute", n),
      "call an agent": (n: number) => context.call(echo, n),
      "call an agent without a breaker": (n: number) => context.call(bareEcho, n),
    }[way];
    const start = process.cpuUsage();
    for (let n = 0; n < count; n++) await make(n);
    const { user, system } = process.cpuUsage(start);
    return (user + system) / count;
  },
});

/** The same in a step of a run, where each call is recorded. */
export const calling = defineWorkflow(import.meta.url, { name: "calling", version: "1.0.0", input: Round }).step(
  "call",
  caller,
  ({ input }) => input,
);
