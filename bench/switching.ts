/** What a switch of coordination takes while runs are in flight. */

import { createSystem } from "troupe";
import type { Figure } from "../src/bench/figure.ts";
import { measure } from "../src/bench/measure.ts";
import type { Topic } from "./topic.ts";
import { chained100 } from "./steps.ts";

const inFlight = [1, 10, 100] as const;
const switches = 10;

export const switching: Topic = {
  name: "switching",
  about:
    "From one coordination to the other and back, with 1, 10 and 100 runs in flight, each of 100 chained steps; all of them come to\n" +
    "their output. Not measured: a journal on disk, steps that take long.",
  run: (): Promise<Figure[]> =>
    measure({
      bench: "switch of coordination",
      unit: "ms",
      rounds: 5,
      baseline: nameOf(inFlight[0]),
      subjects: inFlight.map((runs) => ({ name: nameOf(runs), run: () => switchUnder(runs) })),
    }),
};

const nameOf = (runs: number): string => `${runs} ${runs === 1 ? "run" : "runs"} in flight`;

/** Milliseconds for one switch. */
async function switchUnder(count: number): Promise<number> {
  await using system = await createSystem({ threads: 1, logger: false });
  const runs = Array.from({ length: count }, () => system.run(chained100, { n: 0 }));
  let over = 0;
  for (const run of runs) {
    await run.started;
    void run.result.then(() => over++);
  }
  const start = performance.now();
  for (let n = 0; n < switches; n++) await system.switchCoordination(n % 2 === 0 ? "relay" : "orchestrator");
  const took = (performance.now() - start) / switches;
  if (over > 0) throw new Error(`${over} of ${count} runs were over before the last switch`);
  for (const run of runs) {
    const output = (await run.result) as { readonly n: number };
    if (output.n !== 100) throw new Error(`a run came to ${JSON.stringify(output)}`);
  }
  return took;
}
