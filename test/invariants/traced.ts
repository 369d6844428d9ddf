/** Agents and actors that do a bit of everything of which there are spans. */

import * as v from "valibot";
import { defineActor, defineAgent, defineState, defineWorkflow } from "../../src/index.ts";

/** What is in all data, and must not be in traces. */
export const canary = "canary-7f3a";

export const sheet = defineState({
  name: "sheet",
  version: 1,
  schema: v.array(v.string()),
  initial: (): string[] => [],
});

const Task = v.object({ key: v.string(), ms: v.number(), fails: v.nullable(v.string()) });
export type Task = v.InferOutput<typeof Task>;

/** Is called by others. */
const oracle = defineAgent(import.meta.url, {
  name: "oracle",
  version: "1.0.0",
  input: Task,
  output: v.string(),
  concurrency: 2,
  policies: { breaker: false, bulkhead: { concurrent: 1 } },
  async execute({ key, ms }, context) {
    await context.sleep(ms);
    return context.modelCall({ provider: "acme", model: "small-1", input: canary }, (call) => {
      call.used({ input: 10, output: 2, model: "small-1b", cost: 0.5 });
      return `${canary} ${key}`;
    });
  },
});

const worker = (name: string) =>
  defineAgent(import.meta.url, {
    name,
    version: "1.0.0",
    input: Task,
    output: Task,
    concurrency: 2,
    policies: { breaker: false, bulkhead: { concurrent: 1 }, retry: { attempts: 2, backoff: { first: 1 } } },
    async execute(task, context) {
      await context.span("look", (span) => span.set("shop.ms", task.ms));
      await context.call(oracle, task);
      await context.sleep(task.ms);
      await context.read(sheet, task.key);
      if (task.fails === name) throw new TypeError(`${canary} ${name}`);
      await context.toolCall({ name: "pen", arguments: canary }, () => undefined);
      await context.commit(sheet, task.key, (draft) => void draft.push(`+${context.step ?? ""} ${canary}`));
      return task;
    },
    async compensate(_output, context, task) {
      await context.commit(sheet, task.key, (draft) => void draft.push(`-${context.step ?? ""}`));
    },
  });

const cutter = worker("cutter");
const sewer = worker("sewer");
const packer = worker("packer");

const lining = defineWorkflow(import.meta.url, { name: "lining", version: "1.0.0", input: Task })
  .step("cut", cutter, ({ input }) => input)
  .step("sew", sewer, { after: ["cut"] }, ({ input }) => input);

export const coat = defineWorkflow(import.meta.url, { name: "coat", version: "1.0.0", input: Task })
  .step("cut", cutter, ({ input }) => input)
  .step("lining", lining, ({ input }) => input)
  .step("pack", packer, { after: ["cut", "lining"] }, ({ input }) => input);

const Pass = v.object({ key: v.string(), route: v.array(v.string()) });

/** Keeps count in the store, and passes what it gets on when that is committed. */
export const till = defineActor(import.meta.url, {
  name: "till",
  protocol: { pass: { input: Pass, reply: v.number() } },
  state: defineState({
    name: "till",
    version: 1,
    schema: v.object({ count: v.number() }),
    initial: () => ({ count: 0 }),
  }),
  on: {
    async pass(draft, { key, route }, context): Promise<number> {
      draft.count++;
      const [next, ...rest] = route;
      if (next !== undefined) await (await context.find(till, next)).tell("pass", { key, route: rest });
      return draft.count;
    },
  },
});

/** Asks, tells and reads for others; fails now and then. */
export const desk = defineActor(import.meta.url, {
  name: "desk",
  protocol: {
    serve: { input: v.object({ key: v.string(), text: v.string(), fails: v.boolean() }), reply: v.number() },
    note: { input: v.object({ key: v.string() }) },
  },
  state: () => ({ served: 0 }),
  on: {
    async serve(draft, { key, fails }, context): Promise<number> {
      await context.commit(sheet, key, (lines) => void lines.push(canary));
      await context.read(sheet, key);
      if (fails) throw new TypeError(canary);
      return ++draft.served;
    },
    async note(_draft, { key }, context) {
      await context.read(sheet, key);
    },
  },
});

/** Goes on with its work however long ago its time was up. */
export const sleepwalker = defineAgent(import.meta.url, {
  name: "sleepwalker",
  version: "1.0.0",
  input: v.number(),
  output: v.number(),
  policies: { breaker: false, timeout: 10 },
  async execute(until, context) {
    while (context.now() < until) await context.span("stride", () => outside.sleep());
    return 0;
  },
});

/** Time that passes whatever was aborted: set by the test. */
export const outside = { sleep: (): Promise<void> => Promise.resolve() };
