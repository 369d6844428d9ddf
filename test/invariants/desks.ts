/** A workflow with a loop over two agents that can be told something, and whose rounds may fail. */

import * as v from "valibot";
import { defineAgent, defineState, defineWorkflow } from "../../src/index.ts";

/** What was done for a case, in the store: the agents say so themselves, whatever the run's history says. */
export const log = defineState({
  name: "desk-log",
  version: 1,
  schema: v.object({ entries: v.array(v.string()), read: v.array(v.number()) }),
  initial: () => ({ entries: [] as string[], read: [] as number[] }),
});

const Work = v.object({ id: v.string(), told: v.array(v.number()), fails: v.boolean() });

const doer = (name: string) =>
  defineAgent(import.meta.url, {
    name,
    version: "1.0.0",
    input: Work,
    output: v.object({ id: v.string() }),
    policies: { breaker: false },
    async execute({ id, told, fails }, context) {
      if (fails) throw new Error(`${context.step} can't`);
      await context.commit(log, id, (state) => {
        state.entries.push(`+${context.step}`);
        state.read.push(...told);
      });
      return { id };
    },
    compensate: ({ id }, context) =>
      context.commit(log, id, ({ entries }) => void entries.push(`-${context.step}`)).then(() => undefined),
  });

export const clerk = doer("clerk");
export const expert = doer("expert");
export const closer = doer("closer");

export const max = 6;

const Case = v.object({
  id: v.string(),
  /** It is done after so many rounds, if it is told nothing. */
  rounds: v.number(),
  /** The round that fails. */
  failsAt: v.number(),
  lastFails: v.boolean(),
});

/** clerk and expert in turns, as long as it takes and as it is told something; and close. */
export const desk = defineWorkflow(import.meta.url, { name: "desk", version: "1.0.0", input: Case })
  .loop(
    "talk",
    { clerk, expert },
    {
      inbox: v.number(),
      max,
      onMax: "accept",
      who: ({ by }) => (by === "clerk" ? "expert" : "clerk"),
      until: ({ round, input }) => round >= input.rounds,
    },
    {
      clerk: ({ input, told, round }) => ({ id: input.id, told: [...told], fails: round === input.failsAt }),
      expert: ({ input, told, round }) => ({ id: input.id, told: [...told], fails: round === input.failsAt }),
    },
  )
  .step("close", closer, { after: ["talk"] }, ({ input }) => ({ id: input.id, told: [], fails: input.lastFails }));
