/** What a round of a loop costs, early and late: it should not depend on how many rounds there were. */

import { createSystem, defineAgent, defineWorkflow } from "troupe";
import * as v from "valibot";
import type { Figure } from "../src/bench/figure.ts";
import { measure } from "../src/bench/measure.ts";
import type { Topic } from "./topic.ts";

const rounds = 10_000;
/** The rounds that are measured: so many from these on. */
const measured = 500;
const early = 100;
const late = 9_900 - measured;

/** A number, and the processor time that all threads had used when certain rounds began, in microseconds. */
const Count = v.object({ n: v.number(), marks: v.array(v.number()) });

/** A new thread takes so many rounds until its code is as fast as it gets: they are gone first. */
const warmUp = 10_000;

const marked = new Set([early, early + measured, late, late + measured]);

const counter = (name: string, undoes: boolean) =>
  defineAgent(import.meta.url, {
    name,
    version: "1.0.0",
    input: Count,
    output: Count,
    execute({ n, marks }) {
      if (!marked.has(n)) return { n: n + 1, marks };
      const { user, system } = process.cpuUsage();
      return { n: n + 1, marks: [...marks, user + system] };
    },
    ...(undoes ? { compensate: () => undefined } : {}),
  });

export const undone = counter("undone", true);
export const lasting = counter("lasting", false);

const start = (name: string) =>
  defineWorkflow(import.meta.url, { name, version: "1.0.0", input: v.object({ rounds: v.number() }) });

const goes = { until: (at: { round: number; input: { rounds: number } }) => at.round === at.input.rounds, max: rounds };

const nextOf = ({ last }: { last: v.InferOutput<typeof Count> | undefined }): v.InferOutput<typeof Count> =>
  last ?? { n: 0, marks: [] };

/** A round that is a workflow, of one step. */
const round = (name: string, agent: typeof undone) =>
  defineWorkflow(import.meta.url, { name, version: "1.0.0", input: Count }).step("only", agent, ({ input }) => input);

export const undoneLoop = start("undone-loop").loop("count", undone, goes, nextOf);
export const lastingLoop = start("lasting-loop").loop("count", lasting, goes, nextOf);
export const undoneRounds = start("undone-rounds").loop("count", round("undone-round", undone), goes, nextOf);
export const lastingRounds = start("lasting-rounds").loop("count", round("lasting-round", lasting), goes, nextOf);

const kinds = [
  { what: "two kept", workflow: lastingLoop },
  { what: "all kept", workflow: undoneLoop },
  { what: "a workflow, two kept", workflow: lastingRounds },
  { what: "a workflow, all kept", workflow: undoneRounds },
] as const;
type Kind = (typeof kinds)[number];

export const loops: Topic = {
  name: "loops",
  about:
    "A round that does next to nothing, in a loop of 10,000: processor time of all threads, of rounds 100 to 599 and of 9,400 to 9,899 of\n" +
    "the same run. The agent can undo its rounds, so that all of them are kept; or it can't, and two are. It does them itself, or a\n" +
    "workflow does of which it is the only step.",
  async run() {
    const figures: Figure[] = [];
    for (const coordination of ["orchestrator", "relay"] as const)
      for (const kind of kinds) figures.push(...(await costs(coordination, kind)));
    return figures;
  },
};

async function costs(coordination: "orchestrator" | "relay", { what, workflow }: Kind): Promise<Figure[]> {
  let marks: readonly number[] = [];
  const between = (from: number, to: number): number => ((marks[to] ?? Number.NaN) - (marks[from] ?? 0)) / measured;
  return measure({
    bench: `round, ${what}, ${coordination}`,
    unit: "µs",
    baseline: "round 100",
    rounds: 9,
    subjects: [
      {
        name: "round 100",
        run: async () => {
          ({ marks } = await marksOf(coordination, workflow));
          return between(0, 1);
        },
      },
      { name: "round 9,900", run: () => Promise.resolve(between(2, 3)) },
    ],
  });
}

/** A system of its own for each run: one keeps the histories of its runs. It has gone many rounds before. */
async function marksOf(
  coordination: "orchestrator" | "relay",
  workflow: Kind["workflow"],
): Promise<v.InferOutput<typeof Count>> {
  await using system = await createSystem({ threads: 1, coordination });
  await system.run(workflow, { rounds: warmUp }).result;
  return await system.run(workflow, { rounds }).result;
}
