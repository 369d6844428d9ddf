/** A system that starts on a journal, in a process of its own: argument, the journal's folder; prints what it took as JSON. */

import { createSystem, lmdbJournal } from "troupe";
import { standing } from "./standing.ts";
import { approval } from "./waits-workflow.ts";

/** What a system took to start, and holds then. */
export interface Started {
  readonly parked: number;
  readonly heap: number;
  readonly timers: number;
  /** In milliseconds. */
  readonly elapsed: number;
  /** In microseconds, on all threads. */
  readonly processor: number;
}

async function start(directory: string): Promise<Started> {
  const before = standing();
  const cpu = process.cpuUsage();
  const begun = performance.now();
  await using system = await createSystem({ threads: 1, journal: lmdbJournal(directory), workflows: [approval] });
  const elapsed = performance.now() - begun;
  const { user, system: kernel } = process.cpuUsage(cpu);
  const { parked } = (await system.stats()).runs;
  const after = standing();
  return {
    parked,
    heap: after.heap - before.heap,
    timers: after.timers - before.timers,
    elapsed,
    processor: user + kernel,
  };
}

console.log(JSON.stringify(await start(process.argv[2] ?? "")));
