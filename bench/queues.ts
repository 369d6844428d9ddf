/** What a run costs that joins a queue, beside one that doesn't: it is recorded as waiting, and released in a commit of its own. */

import { createSystem, defineWorkflow, lmdbJournal, memoryJournal } from "troupe";
import * as v from "valibot";
import type { Figure } from "../src/bench/figure.ts";
import { measure } from "../src/bench/measure.ts";
import { count } from "./steps.ts";
import { inTemporaryDirectory } from "./temporary-directory.ts";
import type { Topic } from "./topic.ts";

/** How many runs a round takes, and how many go on at a time. */
const perRound = 2000;
const inFlight = 100;
/** So many keys share the queue. */
const keys = 20;

export const single = defineWorkflow(import.meta.url, {
  name: "single",
  version: "1.0.0",
  input: v.object({ n: v.number() }),
}).step("count", count, ({ input }) => input);

const kinds = ["no queue", "a queue"] as const;
type Kind = (typeof kinds)[number];

export const queues: Topic = {
  name: "queues",
  about:
    "A run of one step that joins a queue of 20 keys, with room for 100 runs, beside one that joins none: processor time on all threads,\n" +
    "with the journal in memory and on disk. 100 are on their way at a time.",
  async run() {
    const figures: Figure[] = [];
    for (const journal of ["memory", "disk"] as const)
      figures.push(
        ...(await measure({
          bench: `run in a queue, ${journal}, processor time`,
          unit: "µs",
          baseline: "no queue",
          rounds: 5,
          subjects: kinds.map((name) => ({
            name,
            run: () => (journal === "memory" ? costOf(name) : inTemporaryDirectory((folder) => costOf(name, folder))),
          })),
        })),
      );
    return figures;
  },
};

/** Microseconds of the processor for each run. */
async function costOf(kind: Kind, folder?: string): Promise<number> {
  const journal = folder === undefined ? memoryJournal() : lmdbJournal(folder);
  await using system = await createSystem({ threads: 1, journal, logger: false });
  const joins = kind === "a queue";
  if (joins) await system.queues.set("jobs", { all: { concurrency: inFlight } });
  let started = 0;
  const run = async (): Promise<void> => {
    const key = `k${started++ % keys}`;
    await system.run(single, { n: 1 }, joins ? { queue: { name: "jobs", key } } : {}).result;
  };
  await run(); // the thread is there, and knows the workflow
  let left = perRound;
  const runs = async (): Promise<void> => {
    while (left-- > 0) await run();
  };
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: inFlight }, runs));
  const { user, system: kernel } = process.cpuUsage(before);
  return (user + kernel) / perRound;
}
