/** A clerk who serves runs one by one, and books each. In a file of its own, since threads load it. */

import * as v from "valibot";
import { defineAgent, defineState, defineWorkflow } from "../../src/index.ts";

/** The runs that were served, in the order committed. */
export const served = defineState({
  name: "served",
  version: 1,
  schema: v.object({ runs: v.array(v.string()) }),
  initial: () => ({ runs: [] }),
});

const Wish = v.object({ scope: v.string(), ms: v.number() });

export const clerk = defineAgent(import.meta.url, {
  name: "clerk",
  version: "1.0.0",
  input: Wish,
  output: v.null(),
  concurrency: 20,
  policies: { breaker: false, retry: { attempts: 20, backoff: { first: 1 } } },
  async execute({ scope, ms }, context) {
    if (ms > 0) await context.sleep(ms);
    await context.commit(served, scope, (draft) => void draft.runs.push(String(context.run)));
    return null;
  },
});

export const serving = defineWorkflow(import.meta.url, { name: "serving", version: "1.0.0", input: Wish }).step(
  "serve",
  clerk,
  ({ input }) => input,
);
