/** A Fibonacci number by a tree of actors, each of which adds up what its two children find. */

import { defineActor } from "troupe";
import * as v from "valibot";
import { checkResult, type Program } from "./program.ts";

export const n = 25;
export const fibonacciOf25 = 75_025;
const timeout = Number.POSITIVE_INFINITY;

export const fibonacciActor = defineActor(import.meta.url, {
  name: "fibonacci-actor",
  protocol: { compute: { input: v.number(), reply: v.number() } },
  on: {
    async compute(_draft, input, context): Promise<number> {
      if (input <= 2) {
        await context.stop();
        return 1;
      }
      // one after another: at once, all 150,049 would be there at a time
      let sum = 0;
      for (const less of [1, 2]) {
        const child = await context.spawn(fibonacciActor, { placement: { thread: context.thread } });
        sum += await child.ask("compute", input - less, { timeout });
      }
      await context.stop();
      return sum;
    },
  },
});

export const fibonacci: Program = {
  name: "fibonacci",
  unit: "actors",
  work: 2 * fibonacciOf25 - 1,
  rounds: 1,
  async run(system, place) {
    const root = await system.spawn(fibonacciActor, { placement: place(0) });
    checkResult(this.name, await root.ask("compute", n, { timeout }), fibonacciOf25);
  },
};
