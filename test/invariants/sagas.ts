/** Workflows whose agents have effects in the store and outside of it, fail, are slow, and undo what they did. */

import * as v from "valibot";
import { type AgentContext, defineAgent, defineWorkflow, defineState } from "../../src/index.ts";
import { outside } from "./outside.ts";

/** The effects of an order in the store, in the order committed: `+step` and `-step`. */
export const ledger = defineState({
  name: "saga-ledger",
  version: 1,
  schema: v.object({ entries: v.array(v.string()) }),
  initial: () => ({ entries: [] as string[] }),
});

/** How one step behaves. */
const Conduct = v.object({
  /** Milliseconds before and after its effects. */
  before: v.number(),
  after: v.number(),
  /** How often it throws before it works, and how often its undoing does. */
  throws: v.number(),
  undoThrows: v.number(),
});
export type Conduct = v.InferOutput<typeof Conduct>;

const Task = v.object({ order: v.string(), step: v.string(), ...Conduct.entries });
type Task = v.InferOutput<typeof Task>;
const Done = v.object({ steps: v.number() });

/** So often fails who always fails. */
export const always = 1_000;

const soon = { first: 4, factor: 2, max: 20 };

async function enter(context: AgentContext, order: string, entry: string): Promise<void> {
  await context.commit(ledger, order, ({ entries }) => void entries.push(entry));
}

async function takeBack({ order, step, before, undoThrows }: Task, context: AgentContext): Promise<void> {
  const key = `${order}/${step}`;
  await context.sleep(before);
  outside.refuse(context.idempotencyKey, undoThrows);
  outside.undo(key);
  await context.commit(ledger, order, ({ entries }) => {
    if (entries.includes(`+${step}`)) entries.push(`-${step}`);
  });
}

interface Patience {
  readonly attempts: number;
  readonly timeout?: number;
  readonly breaker?: false;
}

const clerk = (name: string, { attempts, ...policies }: Patience) =>
  defineAgent(import.meta.url, {
    name,
    version: "1.0.0",
    input: Task,
    output: Done,
    concurrency: 2,
    policies: { ...policies, retry: { attempts, backoff: soon }, compensationRetry: { attempts, backoff: soon } },
    async execute({ order, step, before, after, throws }, context) {
      const { idempotencyKey: key, signal } = context;
      await context.sleep(before);
      outside.refuse(key, throws);
      signal.throwIfAborted();
      outside.do(key);
      await enter(context, order, `+${step}`);
      await context.sleep(after);
      return { steps: 1 };
    },
    async compensate(_output, context, task) {
      await takeBack(task, context);
    },
    async compensateUnknown(task, context) {
      await takeBack(task, context);
    },
  });

export const steps = ["a", "b", "c", "d", "e"] as const;
export type Step = (typeof steps)[number];

export const Order = v.object({ order: v.string(), conduct: v.record(v.string(), Conduct) });
export type Order = v.InferOutput<typeof Order>;

const smooth: Conduct = { before: 0, after: 0, throws: 0, undoThrows: 0 };

const task = (step: Step, { order, conduct }: Order): Task => ({ order, step, ...(conduct[step] ?? smooth) });

/** a and b at the same time; c after both; d after a; e after c and d. c is the point of no return where there is one. */
const saga = (name: string, pointOfNoReturn: boolean, patience: Patience, slowest: Patience) => {
  const [one, other] = [clerk(`${name}-one`, patience), clerk(`${name}-other`, slowest)];
  return {
    one,
    other,
    workflow: defineWorkflow(import.meta.url, { name, version: "1.0.0", input: Order })
      .step("a", one, ({ input }) => task("a", input))
      .step("b", other, ({ input }) => task("b", input))
      .step("c", one, { after: ["a", "b"], pointOfNoReturn }, ({ input, a, b }) => ({
        ...task("c", input),
        throws: a.steps + b.steps === 2 ? (input.conduct["c"]?.throws ?? 0) : always,
      }))
      .step("d", other, { after: ["a"] }, ({ input }) => task("d", input))
      .step("e", one, { after: ["c", "d"] }, ({ input }) => task("e", input)),
  };
};

/** Gives up soon: after some failures, when it takes long, and while the breaker is open. */
export const {
  one: hastyOne,
  other: hastyOther,
  workflow: hasty,
} = saga("hasty", false, { attempts: 3 }, { attempts: 2, timeout: 60 });
export const {
  one: finalOne,
  other: finalOther,
  workflow: final,
} = saga("final", true, { attempts: 3 }, { attempts: 2, timeout: 60 });
/** Outlives as many failures as may come by chance. What it comes to depends on its order alone. */
export const {
  one: steadyOne,
  other: steadyOther,
  workflow: steady,
} = saga("steady", false, { attempts: 8, breaker: false }, { attempts: 8, breaker: false });
