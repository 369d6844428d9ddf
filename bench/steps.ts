/** What a step costs in workflows of different lengths: it should not depend on how many steps there are. */

import { createSystem, defineAgent, defineWorkflow, type WorkflowDefinition } from "troupe";
import * as v from "valibot";
import type { Figure } from "../src/bench/figure.ts";
import { measure, type Subject } from "../src/bench/measure.ts";
import type { Topic } from "./topic.ts";

const sizes = [10, 100, 1000];
/** How many steps a round takes, whatever the length of the workflow. */
const stepsPerRound = 2000;

const Count = v.object({ n: v.number() });

export const count = defineAgent(import.meta.url, {
  name: "count",
  version: "1.0.0",
  input: Count,
  output: Count,
  concurrency: 1000,
  execute: ({ n }) => ({ n: n + 1 }),
});

type Shape = "chained" | "parallel";

interface UntypedBuilder extends WorkflowDefinition {
  step(
    name: string,
    agent: typeof count,
    options: { readonly after: readonly string[] },
    map: (sources: Readonly<Record<string, v.InferOutput<typeof Count>>>) => unknown,
  ): UntypedBuilder;
}

/** Every step after the one before it; or the last after all the others, which need nothing. */
function workflowOf(shape: Shape, size: number): WorkflowDefinition {
  const options = { name: `${shape}-${size}`, version: "1.0.0", input: Count };
  let workflow = defineWorkflow(import.meta.url, options) as unknown as UntypedBuilder;
  const names = Array.from({ length: size }, (_, index) => `s${index}`);
  for (const [index, name] of names.entries()) {
    const isLast = index === size - 1;
    const after = shape === "chained" ? names.slice(Math.max(0, index - 1), index) : isLast ? names.slice(0, -1) : [];
    const source = after.at(-1) ?? "input";
    workflow = workflow.step(name, count, { after }, (sources) => sources[source]);
  }
  return workflow;
}

// exported one by one: the threads import them by their names
export const chained10 = workflowOf("chained", 10);
export const chained100 = workflowOf("chained", 100);
export const chained1000 = workflowOf("chained", 1000);
export const parallel10 = workflowOf("parallel", 10);
export const parallel100 = workflowOf("parallel", 100);
export const parallel1000 = workflowOf("parallel", 1000);
const workflows = [chained10, chained100, chained1000, parallel10, parallel100, parallel1000];

export const steps: Topic = {
  name: "steps",
  about:
    "A step that does next to nothing, in workflows of 10, 100 and 1,000 steps: each after the one before it, or all at once\n" +
    "and one that gathers them. As many steps are in flight at any length: 2 where they are chained, 1,000 where they are not.",
  async run() {
    const figures: Figure[] = [];
    for (const coordination of ["orchestrator", "relay"] as const)
      for (const shape of ["chained", "parallel"] as const) figures.push(...(await costs(coordination, shape)));
    return figures;
  },
};

/** What a round took, in microseconds a step: by the clock, and of the processor on all threads. */
interface Cost {
  readonly elapsed: number;
  readonly processor: number;
}

async function costs(coordination: "orchestrator" | "relay", shape: Shape): Promise<Figure[]> {
  const taken: Cost[] = [];
  const subjects = (round: (size: number) => Promise<number>): Subject[] =>
    sizes.map((size) => ({ name: nameOf(size), run: () => round(size) }));
  const group = { unit: "µs", baseline: nameOf(10), rounds: 5 };
  const elapsed = await measure({
    ...group,
    bench: `step, ${shape}, ${coordination}`,
    subjects: subjects(async (size) => {
      const cost = await costOf(coordination, shape, size);
      taken.push(cost);
      return cost.elapsed;
    }),
  });
  // the same rounds again, in their order
  const processor = await measure({
    ...group,
    bench: `step, ${shape}, ${coordination}, processor time`,
    subjects: subjects(async () => taken.shift()?.processor ?? Number.NaN),
  });
  return [...elapsed, ...processor];
}

function nameOf(size: number): string {
  return `${size.toLocaleString("en-US")} steps`;
}

/** A system of its own for each: one keeps the histories of its runs, and collecting garbage costs more the more there are. */
async function costOf(coordination: "orchestrator" | "relay", shape: Shape, size: number): Promise<Cost> {
  const workflow = workflows.find(({ name }) => name === `${shape}-${size}`) as WorkflowDefinition;
  await using system = await createSystem({ threads: 1, coordination });
  await system.run(workflow, { n: 0 }).result; // the thread is there, and knows the workflow
  let left = stepsPerRound / size;
  const runs = async (): Promise<void> => {
    while (left-- > 0) await system.run(workflow, { n: 0 }).result;
  };
  const inFlight = shape === "chained" ? 2 : 1000 / size;
  const before = process.cpuUsage();
  const start = performance.now();
  await Promise.all(Array.from({ length: inFlight }, runs));
  const elapsed = (performance.now() - start) * 1000;
  const spent = process.cpuUsage(before);
  return { elapsed: elapsed / stepsPerRound, processor: (spent.user + spent.system) / stepsPerRound };
}
