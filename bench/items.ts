/** What an item of a list costs, in short lists and long ones, beside a step of a workflow without one. */

import { createSystem, defineWorkflow, type WorkflowDefinition } from "troupe";
import * as v from "valibot";
import type { Figure } from "../src/bench/figure.ts";
import { measure } from "../src/bench/measure.ts";
import type { Topic } from "./topic.ts";
import { count, parallel10 } from "./steps.ts";

const sizes = [10, 1000, 10_000];
/** How many items a round takes, whatever the length of the list, and how many are in flight. */
const perRound = 10_000;
const inFlight = 1000;

export const listed = defineWorkflow(import.meta.url, {
  name: "listed",
  version: "1.0.0",
  input: v.object({ size: v.number() }),
}).each(
  "item",
  count,
  { over: ({ input }) => Array.from({ length: input.size }, (_, n) => n), concurrency: inFlight, max: perRound },
  ({ item }) => ({ n: item }),
);

const one = defineWorkflow(import.meta.url, { name: "one", version: "1.0.0", input: v.object({ n: v.number() }) }).step(
  "count",
  count,
  ({ input }) => input,
);

/** Each item is a workflow of one step. */
export const listedWhole = defineWorkflow(import.meta.url, {
  name: "listed-whole",
  version: "1.0.0",
  input: v.object({ size: v.number() }),
}).each(
  "item",
  one,
  { over: ({ input }) => Array.from({ length: input.size }, (_, n) => n), concurrency: inFlight, max: perRound },
  ({ item }) => ({ n: item }),
);

export const items: Topic = {
  name: "items",
  about:
    "An item that does next to nothing, in lists of 10, 1,000 and 10,000, and a step of a workflow of 10 that is none: processor\n" +
    "time on all threads. 1,000 are in flight at any length. An agent does an item, or a workflow does of which it is the only step.",
  async run() {
    const figures: Figure[] = [];
    for (const coordination of ["orchestrator", "relay"] as const)
      figures.push(
        ...(await measure({
          bench: `item, ${coordination}, processor time`,
          unit: "µs",
          baseline: "a plain step",
          rounds: 5,
          subjects: [
            { name: "a plain step", run: () => costOf(coordination, parallel10, { n: 0 }, 10) },
            ...sizes.map((size) => ({
              name: `of ${size.toLocaleString("en-US")} items`,
              run: () => costOf(coordination, listed, { size }, size),
            })),
            ...sizes.map((size) => ({
              name: `of ${size.toLocaleString("en-US")} items that are workflows`,
              run: () => costOf(coordination, listedWhole, { size }, size),
            })),
          ],
        })),
      );
    return figures;
  },
};

/** Microseconds of the processor for each step or item. A system of its own each time, which keeps no histories of others. */
async function costOf<Input>(
  coordination: "orchestrator" | "relay",
  workflow: WorkflowDefinition<Input> | WorkflowDefinition,
  input: Input,
  size: number,
): Promise<number> {
  await using system = await createSystem({ threads: 1, coordination, askTimeout: 60_000 });
  const run = (): Promise<unknown> => system.run(workflow, input).result;
  await run(); // the thread is there, and knows the workflow
  let left = perRound / size;
  const runs = async (): Promise<void> => {
    while (left-- > 0) await run();
  };
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: Math.max(1, inFlight / size) }, runs));
  const { user, system: kernel } = process.cpuUsage(before);
  return (user + kernel) / perRound;
}
