/** Agents that call agents, in steps that fail on the way; and what the world outside has seen of the calls. */

import * as v from "valibot";
import { type AgentContext, defineAgent, defineState, defineWorkflow } from "../../src/index.ts";
import { outside } from "./outside.ts";

/** What was done of a run's errands, in the order committed. */
export const ledger = defineState({ name: "errands", version: 1, schema: v.array(v.string()), initial: () => [] });

const Errand = v.object({
  run: v.string(),
  label: v.string(),
  /** Which errand it is, the same for each attempt; empty for one of two that are the same. */
  id: v.string(),
  /** It leaves a part of it to a deputy. */
  isShared: v.boolean(),
  /** How often it fails, after its deputy is done. */
  failures: v.number(),
  /** Another one for each attempt, where a call is named by a key. */
  noise: v.number(),
});
type Errand = v.InferOutput<typeof Errand>;

const Receipt = v.object({ label: v.string(), execution: v.number() });
type Receipt = v.InferOutput<typeof Receipt>;

/** What has been seen of the calls of a case: in the simulator by all threads, on real threads by each. */
class Calls {
  #executions = 0;
  readonly #seen = new Map<string, number>();
  /** What must not happen, and did. */
  readonly wrongs: string[] = [];

  reset(): void {
    this.#executions = 0;
    this.#seen.clear();
    this.wrongs.length = 0;
  }

  /** An agent begins with an errand, whose receipt no caller may have got. Returns a number that no other execution has. */
  execute(id: string): number {
    if (this.#seen.has(id)) this.#wrong(`${id} is done again after its receipt was given`);
    return ++this.#executions;
  }

  /** An attempt has got a receipt: the same one as any before. */
  see(id: string, { execution }: Receipt): void {
    const known = this.#seen.get(id);
    this.#seen.set(id, known ?? execution);
    if (known !== undefined && known !== execution)
      this.#wrong(`${id} was given the receipt ${execution} after ${known}`);
  }

  #wrong(what: string): never {
    this.wrongs.push(what);
    throw new Error(what);
  }
}

export const calls = new Calls();

const retry = { attempts: 12, backoff: { first: 1 } };
const policies = { breaker: false, retry, compensationRetry: retry } as const;

async function enter({ run, label, id }: Errand, context: AgentContext): Promise<Receipt> {
  const execution = calls.execute(id);
  await context.sleep(1);
  await context.commit(ledger, run, (draft) => void draft.push(label));
  outside.do(context.idempotencyKey);
  return { label, execution };
}

export const deputy = defineAgent(import.meta.url, {
  name: "deputy",
  version: "1.0.0",
  input: Errand,
  output: Receipt,
  concurrency: 2,
  policies,
  execute: enter,
});

export const runner = defineAgent(import.meta.url, {
  name: "runner",
  version: "1.0.0",
  input: Errand,
  output: Receipt,
  policies,
  async execute(errand, context) {
    if (errand.isShared) {
      const id = `the part of ${context.idempotencyKey}`;
      const part = { ...errand, label: `${errand.label}/part`, id, isShared: false, noise: 0 };
      calls.see(id, await context.call(deputy, part));
    }
    outside.refuse(context.idempotencyKey, errand.failures);
    return enter(errand, context);
  },
});

export const Plan = v.object({
  run: v.string(),
  errands: v.array(
    v.object({
      how: v.picklist(["plain", "named", "twice"]),
      isShared: v.boolean(),
      /** How often the agent that is called fails. */
      failures: v.number(),
      /** How often the step fails right after it. */
      setbacks: v.number(),
    }),
  ),
  isUndone: v.boolean(),
});
export type Plan = v.InferOutput<typeof Plan>;

async function runErrands({ run, errands }: Plan, sign: string, context: AgentContext): Promise<Receipt[]> {
  const receipts: Receipt[] = [];
  for (const [number, { how, isShared, failures, setbacks }] of errands.entries()) {
    const label = `${run}/${context.step ?? ""}/${sign}${number}/${how}`;
    const id = how === "twice" ? "" : label;
    const errand = { run, label, id, isShared, failures, noise: how === "named" ? context.now() : 0 };
    const options = how === "named" ? { idempotencyKey: label } : {};
    const made = await Promise.all(
      Array.from({ length: how === "twice" ? 2 : 1 }, () => context.call(runner, errand, options)),
    );
    for (const [place, receipt] of made.entries()) calls.see(`${label}#${place}`, receipt);
    receipts.push(...made);
    outside.refuse(`${label}/setback`, setbacks);
  }
  return receipts;
}

export const sender = defineAgent(import.meta.url, {
  name: "sender",
  version: "1.0.0",
  input: Plan,
  output: v.array(Receipt),
  concurrency: 2,
  policies,
  execute: (plan, context) => runErrands(plan, "+", context),
  async compensate(_receipts, context, plan) {
    await runErrands(plan, "-", context);
  },
});

const judge = defineAgent(import.meta.url, {
  name: "errands-judge",
  version: "1.0.0",
  input: Plan,
  output: v.null(),
  policies: { breaker: false },
  execute({ isUndone }) {
    if (isUndone) throw new Error("all of it is to be undone");
    return null;
  },
});

export const errandsRun = defineWorkflow(import.meta.url, { name: "errands", version: "1.0.0", input: Plan })
  .step("one", sender, ({ input }) => input)
  .step("other", sender, ({ input }) => input)
  .step("judge", judge, { after: ["one", "other"] }, ({ input }) => input);

export { judge };
