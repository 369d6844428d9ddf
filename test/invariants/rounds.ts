/** Agents that commit a list of items one by one, and fail on the way. */

import * as v from "valibot";
import { type AgentContext, defineAgent, defineState, defineWorkflow } from "../../src/index.ts";
import { outside } from "./outside.ts";

/** What was done of a list, in the order committed. */
export const done = defineState({ name: "rounds", version: 1, schema: v.array(v.string()), initial: () => [] });

export const styles = ["all-again", "goes-on"] as const;

export const Rounds = v.object({
  list: v.string(),
  items: v.array(v.string()),
  /** How an attempt after the first works: it commits everything again, or goes on from what it reads. */
  style: v.picklist(styles),
  /** How often it fails before the item with that number. */
  failures: v.array(v.number()),
  /** Commits the items two by two, at the same time. */
  inPairs: v.boolean(),
  /** Fails when it is done, so that it is undone. */
  isUndone: v.boolean(),
});
export type Rounds = v.InferOutput<typeof Rounds>;

async function commitAll(
  { list, items, style, failures, inPairs }: Rounds,
  sign: string,
  context: AgentContext,
): Promise<void> {
  const known = style === "goes-on" ? await context.read(done, list) : [];
  const left = [...items.entries()].filter(([, item]) => !known.includes(`${sign}${item}`));
  for (const pair of pairsOf(left, inPairs ? 2 : 1)) {
    await Promise.all(
      pair.map(async ([number, item]) => {
        outside.refuse(`${context.idempotencyKey}/${number}`, failures[number] ?? 0);
        await context.commit(done, list, (draft) => void draft.push(`${sign}${item}`));
      }),
    );
  }
}

function pairsOf<T>(all: readonly T[], size: number): T[][] {
  const pairs: T[][] = [];
  for (let i = 0; i < all.length; i += size) pairs.push(all.slice(i, i + size));
  return pairs;
}

const retry = { attempts: 12, backoff: { first: 1 } };

const worker = defineAgent(import.meta.url, {
  name: "rounds-worker",
  version: "1.0.0",
  input: Rounds,
  output: v.null(),
  concurrency: 2,
  policies: { breaker: false, retry, compensationRetry: retry },
  async execute(rounds, context) {
    await commitAll(rounds, "+", context);
    return null;
  },
  async compensate(_output, context, rounds) {
    await commitAll(rounds, "-", context);
  },
});

const critic = defineAgent(import.meta.url, {
  name: "rounds-critic",
  version: "1.0.0",
  input: Rounds,
  output: v.null(),
  policies: { breaker: false },
  execute({ isUndone }) {
    if (isUndone) throw new Error("all of it is to be undone");
    return null;
  },
});

export const rounds = defineWorkflow(import.meta.url, { name: "rounds", version: "1.0.0", input: Rounds })
  .step("work", worker, ({ input }) => input)
  .step("judge", critic, { after: ["work"] }, ({ input }) => input);

export { critic, worker };
