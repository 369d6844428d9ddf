/** Calls between agents on two threads, against an ask of an actor. */

import { createSystem } from "troupe";
import { sink } from "./actors.ts";
import { calling, caller, echo, ways } from "./agents.ts";
import { measure } from "../src/bench/measure.ts";
import type { Topic } from "./topic.ts";

const calls = 3_000;
const recorded = 1_000;

export const callsTopic: Topic = {
  name: "calls",
  about:
    "An agent on one thread asks an actor or calls an agent on another one, one call after the other, each with a number. An\n" +
    "agent with a breaker lets its calls ahead by a lease on its gate. In a step, each is recorded in memory. The figures are\n" +
    "processor time on all threads. Not measured: many at a time, how long one takes by the clock.",
  async run() {
    await using system = await createSystem({ threads: 2 });
    await system.spawn(sink, { name: "sink", placement: { thread: 2 } });
    await system.spawn(echo, { name: "echo" });
    return await measure({
      bench: "call across threads",
      unit: "µs",
      baseline: "ask an actor",
      rounds: 7,
      subjects: [
        ...ways.map((way) => ({ name: way, run: () => system.call(caller, { way, count: calls }) })),
        {
          name: "call an agent, in a step",
          run: () => system.run(calling, { way: "call an agent", count: recorded }).result,
        },
      ],
    });
  },
};
