/** A workflow of every construct, and definitions that follow it, each with a change of another kind. */

import * as v from "valibot";
import { type AgentContext, defineAgent, defineWorkflow } from "../../src/index.ts";
import { book } from "./workflows.ts";

const Task = v.object({
  amount: v.number(),
  ms: v.number(),
  /** True if it fails, but in forks that say by their ids that it is mended. */
  fails: v.boolean(),
  /** The version whose mapping made it. */
  via: v.string(),
});
const Done = v.object({ amount: v.number() });

/** Books what it does under its run, and takes it back; also where it isn't known whether it was done. */
async function takeBack({ amount }: v.InferOutput<typeof Task>, context: AgentContext): Promise<void> {
  await context.commit(book, String(context.run), (draft) => {
    if (!draft.entries.includes(`+${context.step}`)) return;
    draft.entries.push(`-${context.step}`);
    draft.total -= amount;
  });
}

/** What was lost is tried again; what fails is not. */
const retry = { attempts: 20, backoff: { first: 1 }, errors: (error: unknown) => !String(error).includes("can't") };

const worker = (name: string) =>
  defineAgent(import.meta.url, {
    name,
    version: "1.0.0",
    input: Task,
    output: Done,
    concurrency: 4,
    policies: { breaker: false, retry, compensationRetry: retry },
    async execute({ amount, ms, fails }, context) {
      if (ms > 0) await context.sleep(ms);
      if (fails && !String(context.run).includes("mended")) throw new Error(`${name} can't`);
      await context.commit(book, String(context.run), (draft) => {
        draft.entries.push(`+${context.step}`);
        draft.total += amount;
      });
      return { amount };
    },
    compensate: (_output, context, input) => takeBack(input, context),
    compensateUnknown: takeBack,
  });

/** Has no effects, so that the rounds it is in are not kept. */
export const gauge = defineAgent(import.meta.url, {
  name: "journey-gauge",
  version: "1.0.0",
  input: Task,
  output: Done,
  concurrency: 4,
  policies: { breaker: false, retry },
  async execute({ amount, ms }, context) {
    if (ms > 0) await context.sleep(ms);
    return { amount };
  },
});

export const stocker = worker("journey-stocker");
export const teller = worker("journey-teller");
export const packer = worker("journey-packer");
export const driver = worker("journey-driver");

export const Journey = v.object({
  amount: v.number(),
  pauses: v.record(v.string(), v.number()),
  parts: v.array(v.number()),
  rounds: v.number(),
  fails: v.optional(v.string()),
});
export type Journey = v.InferOutput<typeof Journey>;

const task = (
  via: string,
  step: string,
  { pauses, fails }: Pick<Journey, "pauses" | "fails">,
  amount: number,
): v.InferOutput<typeof Task> => ({ amount, ms: pauses[step] ?? 0, fails: fails === step, via });

const Shipment = v.object({ ...v.omit(Journey, ["parts", "rounds"]).entries });
const shipment = ({ amount, pauses, fails }: Journey): v.InferOutput<typeof Shipment> => ({
  ...{ amount, pauses },
  ...(fails === undefined ? {} : { fails }),
});

/** The sub-workflow of each version. */
const shipping = (via: string) =>
  defineWorkflow(import.meta.url, { name: "journey-shipping", version: via, input: Shipment })
    .step("pick", packer, ({ input }) => task(via, "pick", input, input.amount))
    .step("tag", stocker, { after: ["pick"] }, ({ input, pick }) => task(via, "tag", input, pick.amount));

const Leg = v.object({ ...v.omit(Shipment, ["amount"]).entries, part: v.number(), index: v.number() });
const leg = ({ pauses, fails }: Journey, part: number, index: number): v.InferOutput<typeof Leg> => ({
  pauses,
  part,
  index,
  ...(fails === undefined ? {} : { fails }),
});

/** What is done for each part, by whole workflows. */
const leaving = (via: string) =>
  defineWorkflow(import.meta.url, { name: "journey-leg", version: via, input: Leg })
    .step("load", packer, ({ input }) => task(via, `load[${input.index}]`, input, input.part))
    .step("sign", stocker, { after: ["load"] }, ({ input, load }) => task(via, "sign", input, load.amount));

const Turn = v.object({ ...v.omit(Shipment, ["amount"]).entries, round: v.number(), before: v.number() });
const turn = (
  { pauses, fails }: Journey,
  round: number,
  last: { readonly amount: number } | undefined,
): v.InferOutput<typeof Turn> => ({
  pauses,
  round,
  before: last?.amount ?? 0,
  ...(fails === undefined ? {} : { fails }),
});

/** What is done in each round of a loop, by whole workflows; each adds its number to what the one before came to. */
const turning = (via: string) =>
  defineWorkflow(import.meta.url, { name: "journey-turn", version: via, input: Turn })
    .step("shape", stocker, ({ input }) => task(via, `shape#${input.round}`, input, input.round))
    .step("glaze", teller, { after: ["shape"] }, ({ input, shape }) =>
      task(via, "glaze", input, input.before + shape.amount),
    );

/** The same in rounds of which nothing can be undone, with a list that is longer in each. */
const measuring = (via: string) =>
  defineWorkflow(import.meta.url, { name: "journey-measure", version: via, input: Turn })
    .each("marks", gauge, { over: ({ input }) => Array.from({ length: input.round }, () => 1) }, ({ input, item }) =>
      task(via, "marks", input, item),
    )
    .step("note", gauge, { after: ["marks"] }, ({ input, marks }) =>
      task(via, `note#${input.round}`, input, input.before + sum(marks)),
    );

const goes = { until: ({ input, round }: { input: Journey; round: number }) => round >= input.rounds, max: 5 };

const empty = (version: string) =>
  defineWorkflow(import.meta.url, { name: "journey", version, input: Journey, follows: ["1.0.0"] });
const sum = (done: readonly { readonly amount: number }[]): number =>
  done.reduce((total, { amount }) => total + amount, 0);

/**
 * Stock and money; then two lists of parts, of which one has whole workflows, three loops, of which two have, and a sub-workflow; then the truck.
 */
export const journey = defineWorkflow(import.meta.url, { name: "journey", version: "1.0.0", input: Journey })
  .step("stock", stocker, ({ input }) => task("1.0.0", "stock", input, input.amount))
  .step("money", teller, ({ input }) => task("1.0.0", "money", input, input.amount))
  .each(
    "check",
    packer,
    { after: ["stock"], over: ({ input }) => input.parts, concurrency: 2 },
    ({ input, item, index }) => task("1.0.0", `check[${index}]`, input, item),
  )
  .loop("polish", driver, { after: ["stock"], ...goes }, ({ input, round }) =>
    task("1.0.0", `polish#${round}`, input, round),
  )
  .loop("measure", measuring("1.0.0"), { after: ["stock"], ...goes }, ({ input, round, last }) =>
    turn(input, round, last),
  )
  .loop("refine", turning("1.0.0"), { after: ["money"], ...goes }, ({ input, round, last }) => turn(input, round, last))
  .each(
    "deliver",
    leaving("1.0.0"),
    { after: ["money"], over: ({ input }) => input.parts, concurrency: 2 },
    ({ input, item, index }) => leg(input, item, index),
  )
  .step("ship", shipping("1.0.0"), { after: ["money"] }, ({ input }) => shipment(input))
  .step(
    "truck",
    driver,
    { after: ["check", "polish", "measure", "refine", "deliver", "ship"] },
    ({ input, check, deliver, ...ones }) =>
      task("1.0.0", "truck", input, sum([...check, ...deliver, ones.polish, ones.measure, ones.refine, ones.ship])),
  );

/** With a step more before the truck; 100 stands in for it. */
export const insured = empty("2.0.0")
  .step("stock", stocker, ({ input }) => task("2.0.0", "stock", input, input.amount))
  .step("money", teller, ({ input }) => task("2.0.0", "money", input, input.amount))
  .step(
    "insure",
    teller,
    { after: ["stock"], when: ({ stock }) => stock.amount > 0, otherwise: () => ({ amount: 100 }) },
    ({ input }) => task("2.0.0", "insure", input, 7),
  )
  .each(
    "check",
    packer,
    { after: ["stock"], over: ({ input }) => input.parts, concurrency: 1 },
    ({ input, item, index }) => task("2.0.0", `check[${index}]`, input, item),
  )
  .loop("polish", driver, { after: ["stock"], ...goes }, ({ input, round }) =>
    task("2.0.0", `polish#${round}`, input, round),
  )
  .loop("measure", measuring("2.0.0"), { after: ["stock"], ...goes }, ({ input, round, last }) =>
    turn(input, round, last),
  )
  .loop("refine", turning("2.0.0"), { after: ["money"], ...goes }, ({ input, round, last }) => turn(input, round, last))
  .each(
    "deliver",
    leaving("2.0.0"),
    { after: ["money"], over: ({ input }) => input.parts, concurrency: 1 },
    ({ input, item, index }) => leg(input, item, index),
  )
  .step("ship", shipping("2.0.0"), { after: ["money"] }, ({ input }) => shipment(input))
  .step(
    "truck",
    driver,
    { after: ["check", "polish", "measure", "refine", "deliver", "ship", "insure"] },
    ({ input, check, deliver, insure, ...ones }) =>
      task(
        "2.0.0",
        "truck",
        input,
        sum([...check, ...deliver, ones.polish, ones.measure, ones.refine, ones.ship, insure]),
      ),
  );

/** Without the money, and without the lists and a loop; what was paid, checked, delivered and refined is undone by the agents that did it. */
export const free = defineWorkflow(import.meta.url, {
  name: "journey",
  version: "2.1.0",
  input: Journey,
  follows: ["1.0.0"],
  retired: [teller, packer, stocker],
})
  .step("stock", stocker, ({ input }) => task("2.1.0", "stock", input, input.amount))
  .loop("polish", driver, { after: ["stock"], ...goes }, ({ input, round }) =>
    task("2.1.0", `polish#${round}`, input, round),
  )
  .loop("measure", measuring("2.1.0"), { after: ["stock"], ...goes }, ({ input, round, last }) =>
    turn(input, round, last),
  )
  .step("ship", shipping("2.1.0"), { after: ["stock"] }, ({ input }) => shipment(input))
  .step("truck", driver, { after: ["polish", "measure", "ship"] }, ({ input, ...ones }) =>
    task("2.1.0", "truck", input, sum([ones.polish, ones.measure, ones.ship])),
  );

/** In another order, so that more comes after the loop, and with a step more in the sub-workflow, in the workflow for each part, and in that of each round. */
export const ordered = empty("2.2.0")
  .step("money", teller, ({ input }) => task("2.2.0", "money", input, input.amount))
  .step("stock", stocker, ({ input }) => task("2.2.0", "stock", input, input.amount))
  .each(
    "check",
    packer,
    { after: ["stock"], over: ({ input }) => input.parts, concurrency: 2 },
    ({ input, item, index }) => task("2.2.0", `check[${index}]`, input, item),
  )
  .loop("polish", driver, { after: ["check"], ...goes }, ({ input, round }) =>
    task("2.2.0", `polish#${round}`, input, round),
  )
  .loop("measure", measuring("2.2.0"), { after: ["polish"], ...goes }, ({ input, round, last }) =>
    turn(input, round, last),
  )
  .loop(
    "refine",
    turning("2.2.0").step("fire", packer, { after: ["glaze"] }, ({ input, glaze }) =>
      task("2.2.0", "fire", input, glaze.amount + 50),
    ),
    { after: ["money"], ...goes },
    ({ input, round, last }) => turn(input, round, last),
  )
  .each(
    "deliver",
    leaving("2.2.0").step("stamp", packer, { after: ["sign"] }, ({ input, sign }) =>
      task("2.2.0", "stamp", input, sign.amount + 500),
    ),
    { after: ["money"], over: ({ input }) => input.parts, concurrency: 2 },
    ({ input, item, index }) => leg(input, item, index),
  )
  .step(
    "ship",
    shipping("2.2.0").step("wrap", packer, { after: ["tag"] }, ({ input, tag }) =>
      task("2.2.0", "wrap", input, tag.amount + 1000),
    ),
    { after: ["money"] },
    ({ input }) => shipment(input),
  )
  .step(
    "truck",
    driver,
    { after: ["check", "polish", "measure", "refine", "deliver", "ship"] },
    ({ input, check, deliver, ...ones }) =>
      task("2.2.0", "truck", input, sum([...check, ...deliver, ones.polish, ones.measure, ones.refine, ones.ship])),
  );

/** How much each version sends, by hand. `insured`: what the insurance came to. */
export function sent(version: string, { amount, parts, rounds }: Journey, insurance: number): number {
  const checked = 2 * parts.reduce((total, part) => total + part, 0); // and delivered
  const turned = (rounds * (rounds + 1)) / 2; // in each of the loops that add up
  switch (version) {
    case "2.0.0":
      return checked + rounds + 2 * turned + amount + insurance;
    case "2.1.0":
      return rounds + turned + amount;
    case "2.2.0":
      return checked + 500 * parts.length + rounds + 2 * turned + 50 * rounds + amount + 1000;
    default:
      return checked + rounds + 2 * turned + amount;
  }
}

/** True for what has effects: no list, loop or sub-workflow, no item or round that is one, and nothing that is only measured. */
export function isByAgent(step: string): boolean {
  return !/^(check|polish|ship|deliver|deliver\[\d+\]|refine|refine#\d+|measure.*)$/.test(step);
}
