/** Starting systems and actors. */

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { type ActorRef, createSystem } from "troupe";
import { counter, scales, sink } from "./actors.ts";
import type { Figure } from "../src/bench/figure.ts";
import { costOf, measure, measureCosts } from "../src/bench/measure.ts";
import { perSecond, type Topic } from "./topic.ts";

const actors = 1000;
/** Spawned at once in the second bench of spawning, and idle in the one of memory. */
const many = 4000;

export const systems: Topic = {
  name: "systems",
  about:
    "Start and close of a system of two threads against two bare workers; spawning small actors, and what an idle one takes of its thread's heap.",
  run: async () => [...(await starts()), ...(await spawns()), ...(await spawnsAtOnce()), ...(await idleActors())],
};

function starts(): Promise<Figure[]> {
  return measure({
    bench: "start, two threads",
    unit: "ms",
    baseline: "two bare workers",
    rounds: 5,
    subjects: [
      {
        name: "two bare workers",
        async run() {
          const start = performance.now();
          const workers = [1, 2].map(() => new Worker(new URL("./raw-thread.mjs", import.meta.url)));
          await Promise.all(workers.map((worker) => once(worker, "online")));
          const took = performance.now() - start;
          await Promise.all(workers.map((worker) => worker.terminate()));
          return took;
        },
      },
      {
        name: "createSystem",
        async run() {
          const start = performance.now();
          const system = await createSystem({ threads: 2 });
          const took = performance.now() - start;
          await system.close();
          return took;
        },
      },
      {
        name: "createSystem and close",
        async run() {
          const start = performance.now();
          await (await createSystem({ threads: 2 })).close();
          return performance.now() - start;
        },
      },
    ],
  });
}

async function spawns(): Promise<Figure[]> {
  await using system = await createSystem({ threads: 1 });
  return await measure({
    bench: "spawn",
    unit: "actors/s",
    rounds: 5,
    subjects: [
      {
        name: "spawn and stop, one after another",
        async run() {
          const start = performance.now();
          for (let i = 0; i < actors; i++) await system.stop(await system.spawn(sink));
          return perSecond(actors, start);
        },
      },
    ],
  });
}

async function spawnsAtOnce(): Promise<Figure[]> {
  await using system = await createSystem({ threads: 2 });
  const spawnMany = (): Promise<ActorRef<typeof counter.protocol>[]> =>
    Promise.all(Array.from({ length: many }, () => system.spawn(counter)));
  return await measureCosts({
    bench: "spawn",
    unit: "actors",
    work: many,
    rounds: 5,
    subjects: [
      {
        name: "spawn, all at once",
        async cost() {
          let refs: Awaited<ReturnType<typeof spawnMany>> = [];
          const cost = await costOf(async () => (refs = await spawnMany()));
          await Promise.all(refs.map((ref) => system.stop(ref)));
          return cost;
        },
      },
    ],
  });
}

async function idleActors(): Promise<Figure[]> {
  await using system = await createSystem({ threads: 1 });
  const weigher = await system.spawn(scales);
  return await measure({
    bench: "idle actor",
    unit: "bytes of heap",
    rounds: 3,
    subjects: [
      {
        name: "in its thread",
        async run() {
          const before = await weigher.ask("heap");
          const refs = await Promise.all(Array.from({ length: many }, () => system.spawn(counter)));
          const after = await weigher.ask("heap");
          await Promise.all(refs.map((ref) => system.stop(ref)));
          return (after - before) / many;
        },
      },
    ],
  });
}
