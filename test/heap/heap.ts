/**
 * Whether a process that goes on for long keeps what is over: small runs, also traced and looked at, actors that were spawned and stopped,
 * systems that were closed. `npm run test:heap` prints the heap after a garbage collection at each tenth, and ends with exit code 1 if one grows by more
 * than 10 % after the first tenth. `--share 0.1` does a tenth of it.
 */

import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { createSystem } from "troupe";
import { small, smallRun } from "./fixtures/small.ts";
import { exported, watched } from "./telemetry.ts";

interface Load {
  readonly name: string;
  readonly count: number;
  /** Does it `count` times. */
  readonly batch: (count: number) => Promise<void>;
  readonly end: () => Promise<void>;
}

/** How much the heap may grow after the first tenth. */
const mostGrowth = 0.1;
const collect = globalThis.gc;
if (collect === undefined) throw new Error("start it with --expose-gc, as npm run test:heap does");

const { values } = parseArgs({ options: { share: { type: "string", default: "1" }, only: { type: "string" } } });
const share = Number(values.share);
if (!(share > 0 && share <= 1)) throw new Error(`--share is above 0 and at most 1, not ${values.share}`);

const loads: Readonly<Record<string, () => Promise<Load>>> = {
  runs,
  spawns,
  systems,
  exported: () => hourOf("runs, traced to a backend that is not well", exported),
  watched: () => hourOf("runs, with a page open", watched),
};
if (values.only === undefined) {
  // each in a process of its own: what one leaves behind would hide the growth of the next
  for (const name of Object.keys(loads)) {
    const args = [...process.execArgv, ...process.argv.slice(1), "--only", name];
    if (spawnSync(process.execPath, args, { stdio: "inherit" }).status !== 0) process.exitCode = 1;
  }
} else {
  const load = loads[values.only];
  if (load === undefined) throw new Error(`--only is one of ${Object.keys(loads).join(", ")}, not ${values.only}`);
  await measure(await load());
}

async function measure({ name, count, batch, end }: Load): Promise<void> {
  const tenth = Math.max(1, Math.round((count * share) / 10));
  const heaps: number[] = [];
  for (let i = 0; i < 10; i++) {
    await batch(tenth);
    heaps.push(await heapAfterCollection());
  }
  await end();
  const [first = 0, ...later] = heaps;
  const growth = Math.max(...later) / first - 1;
  const isFlat = growth <= mostGrowth;
  const shown = heaps.map((bytes) => (bytes / 2 ** 20).toFixed(1)).join(" ");
  console.log(
    `${isFlat ? "✓" : "✗"} ${tenth * 10} ${name}: ${(growth * 100).toFixed(1)} % after the first tenth; MiB: ${shown}`,
  );
  if (!isFlat) process.exitCode = 1;
}

/** After several collections, with a turn for what is finalised in between. */
async function heapAfterCollection(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect?.();
  }
  return process.memoryUsage().heapUsed;
}

async function inParallel(count: number, one: () => Promise<unknown>): Promise<void> {
  let left = count;
  const next = async (): Promise<void> => {
    while (left-- > 0) await one();
  };
  await Promise.all(Array.from({ length: 50 }, next));
}

async function runs(): Promise<Load> {
  // fewer than a tenth of any share, so that the first tenth has as many as all that follow
  const system = await createSystem({ threads: 1, logger: false, runs: { keep: { last: 500 } } });
  const batch = (count: number): Promise<void> => inParallel(count, () => system.run(smallRun, { n: 1 }).result);
  return { name: "runs", count: 1_000_000, batch, end: () => system.close() };
}

async function spawns(): Promise<Load> {
  const system = await createSystem({ threads: 1, logger: false });
  const one = async (): Promise<void> => system.stop(await system.spawn(small));
  return { name: "spawns", count: 100_000, batch: (count) => inParallel(count, one), end: () => system.close() };
}

async function systems(): Promise<Load> {
  const batch = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await (await createSystem({ threads: 1, logger: false })).close();
  };
  return { name: "systems", count: 1_000, batch, end: async () => undefined };
}

/** A hundred runs a second, for an hour. */
async function hourOf(name: string, start: typeof exported): Promise<Load> {
  const { one, end } = await start();
  await inParallel(10_000, one); // queues are full, and code is compiled
  return { name, count: 360_000, batch: (count) => inParallel(count, one), end };
}
