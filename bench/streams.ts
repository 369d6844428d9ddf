/** What agents emit: without a listener, and to one on another thread. */

import { createSystem, defineAgent, defineWorkflow, type System, type WorkflowDefinition } from "troupe";
import * as v from "valibot";
import { measure } from "../src/bench/measure.ts";
import { perSecond, type Topic } from "./topic.ts";

const unheard = 500_000;
const heard = 100_000;

const Round = v.object({ count: v.number(), isAwaited: v.boolean() });

/** Emits so many parts, and returns the ns that each took. */
export const talker = defineAgent(import.meta.url, {
  name: "talker",
  version: "1.0.0",
  input: Round,
  output: v.number(),
  emits: v.string(),
  placement: { thread: 1 },
  policies: { breaker: false },
  async execute({ count, isAwaited }, context) {
    const start = performance.now();
    for (let n = 0; n < count; n++) {
      const emitted = context.emit("token");
      if (isAwaited) await emitted;
    }
    return ((performance.now() - start) * 1_000_000) / count;
  },
});

/** The same for parts that are objects. */
export const painter = defineAgent(import.meta.url, {
  name: "painter",
  version: "1.0.0",
  input: Round,
  output: v.number(),
  emits: v.object({ x: v.number(), y: v.number(), color: v.string() }),
  placement: { thread: 1 },
  policies: { breaker: false },
  async execute({ count }, context) {
    const start = performance.now();
    for (let n = 0; n < count; n++) await context.emit({ x: n, y: n, color: "red" });
    return ((performance.now() - start) * 1_000_000) / count;
  },
});

/** What a loop of awaits takes. */
export const walker = defineAgent(import.meta.url, {
  name: "walker",
  version: "1.0.0",
  input: Round,
  output: v.number(),
  placement: { thread: 1 },
  policies: { breaker: false },
  async execute({ count }) {
    const nothing = Promise.resolve();
    const start = performance.now();
    for (let n = 0; n < count; n++) await nothing;
    return ((performance.now() - start) * 1_000_000) / count;
  },
});

export const talking = defineWorkflow(import.meta.url, { name: "talking", version: "1.0.0", input: Round }).step(
  "emit",
  talker,
  ({ input }) => input,
);
export const painting = defineWorkflow(import.meta.url, { name: "painting", version: "1.0.0", input: Round }).step(
  "emit",
  painter,
  ({ input }) => input,
);

/** Calls the one that emits words, on another thread, and returns how many parts a second came. */
export const reader = defineAgent(import.meta.url, {
  name: "reader",
  version: "1.0.0",
  input: v.number(),
  output: v.number(),
  placement: { thread: 2 },
  policies: { breaker: false },
  async execute(count, context) {
    const stream = context.stream(talker, { count, isAwaited: true });
    let parts = 0;
    let from = 0;
    for await (const { kind } of stream) if (kind === "part" && parts++ === 0) from = performance.now();
    await stream.result;
    if (parts !== count) throw new Error(`${parts} parts came of ${count}`);
    return perSecond(parts, from);
  },
});

type Emitting = WorkflowDefinition<v.InferOutput<typeof Round>, number>;

/** Listens to a run, and returns how many parts a second came. */
async function hear(system: System, workflow: Emitting): Promise<number> {
  let parts = 0;
  let from = 0;
  const run = system.run(workflow, { count: heard, isAwaited: true });
  run.stream$.subscribe(({ kind }) => {
    if (kind !== "part") return;
    if (parts++ === 0) from = performance.now();
  });
  await run.result;
  if (parts !== heard) throw new Error(`${parts} parts came of ${heard}`);
  return perSecond(parts, from);
}

export const streamsTopic: Topic = {
  name: "streams",
  about:
    "An agent on another thread emits parts in a step of a run, or in a call of another agent: a word of five letters each, or an\n" +
    "object of three fields.\n" +
    "Not measured: many runs at a time, slow listeners.",
  async run() {
    await using system = await createSystem({ threads: 2 });
    const emits = (workflow: Emitting, isAwaited: boolean) => ({
      run: () => system.run(workflow, { count: unheard, isAwaited }).result,
    });
    return [
      ...(await measure({
        bench: "emit without a listener",
        unit: "ns",
        baseline: "await nothing",
        rounds: 7,
        subjects: [
          { name: "await nothing", run: () => system.call(walker, { count: unheard, isAwaited: true }) },
          { name: "emit a word", ...emits(talking, false) },
          { name: "await emit, a word", ...emits(talking, true) },
          { name: "await emit, an object", ...emits(painting, true) },
        ],
      })),
      ...(await measure({
        bench: "parts across threads",
        unit: "parts/s",
        rounds: 7,
        subjects: [
          { name: "words", run: () => hear(system, talking) },
          { name: "objects", run: () => hear(system, painting) },
          { name: "words of a call", run: () => system.call(reader, heard) },
        ],
      })),
    ];
  },
};
