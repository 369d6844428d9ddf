/** Races of runs: with each other, and with people who answer and steer them. */

import assert from "node:assert/strict";
import * as v from "valibot";
import { defineAgent, defineWorkflow, isTroupeError, type Run } from "../../src/index.ts";
import { atOnce, cell, race, read, write } from "./players.ts";

const Order = v.object({ isFixed: v.boolean() });

/** Takes one from the stock, and puts it back: as it was, or one more. */
const reserve = defineAgent(import.meta.url, {
  name: "reserve",
  version: "1.0.0",
  input: Order,
  output: v.object({ isFixed: v.boolean(), before: v.number() }),
  async execute({ isFixed }, context) {
    const { state } = await context.commit(cell, "stock", (stock) => void stock.n--);
    return { isFixed, before: state.n + 1 };
  },
  async compensate({ isFixed, before }, context) {
    await context.commit(cell, "stock", ({ n }) => ({ n: isFixed ? n + 1 : before }));
  },
});

const charge = defineAgent(import.meta.url, {
  name: "charge",
  version: "1.0.0",
  input: Order,
  output: v.null(),
  policies: { retry: { attempts: 1 } },
  execute() {
    throw new Error("the card is refused");
  },
});

const sale = defineWorkflow(import.meta.url, { name: "sale", version: "1.0.0", input: Order })
  .step("reserve", reserve, ({ input }) => input)
  .step("charge", charge, { after: ["reserve"] }, ({ input }) => input);

const worker = defineAgent(import.meta.url, {
  name: "worker",
  version: "1.0.0",
  input: v.array(v.string()),
  output: v.array(v.string()),
  async execute(heard, context) {
    await context.sleep(context.random() * 10);
    return heard;
  },
});

const approval = defineWorkflow(import.meta.url, { name: "approval", version: "1.0.0", input: v.null() })
  .waitFor("answer", { answer: v.string(), timeout: 50, otherwise: () => "too late" }, () => "May I?")
  .step("work", worker, { after: ["answer"] }, ({ answer }) => [answer]);

const steered = defineWorkflow(import.meta.url, { name: "steered", version: "1.0.0", input: v.null() }).loop(
  "work",
  worker,
  { max: 6, until: ({ round }) => round >= 3, inbox: v.string() },
  ({ last, told }) => [...(last ?? []), ...told],
);

/** Tells a run something at some time; what the sender believes: that it was taken, whatever the run says, or what the run says. */
async function tellAndBelieve<W>(
  run: Run<unknown, W>,
  name: keyof W & string,
  isFixed: boolean,
  wait: Promise<void>,
): Promise<boolean> {
  await wait;
  try {
    await run.tell(name, "yes" as never);
    return true;
  } catch (error) {
    if (!isTroupeError(error, "not-admissible")) throw error;
    return !isFixed;
  }
}

export const workflowRaces = [
  race("compensation that restores what was before", (isFixed) => async ({ system }) => {
    await write(system.store, "stock", 10);
    const run = system.run(sale, { isFixed });
    await atOnce(system, (context) => context.commit(cell, "stock", (stock) => void stock.n--));
    await run.result.catch(() => undefined);
    assert.equal(await read(system.store, "stock"), 9);
  }),

  race("answer that meets the timeout of its wait", (isFixed) => async ({ system, sleep, random }) => {
    const run = system.run(approval, null);
    const believed = await tellAndBelieve(run, "answer", isFixed, sleep(30 + random() * 40));
    assert.deepEqual(await run.result, [believed ? "yes" : "too late"]);
  }),

  race("message that meets the last round of a loop", (isFixed) => async ({ system, sleep, random }) => {
    const run = system.run(steered, null);
    const believed = await tellAndBelieve(run, "work", isFixed, sleep(random() * 120));
    assert.deepEqual(await run.result, believed ? ["yes"] : []);
  }),
];
