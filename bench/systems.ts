/** Starting systems and actors. */

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { createSystem } from "troupe";
import { sink } from "./actors.ts";
import type { Figure } from "../src/bench/figure.ts";
import { measure } from "../src/bench/measure.ts";
import { perSecond, type Topic } from "./topic.ts";

const actors = 1000;

export const systems: Topic = {
  name: "systems",
  about:
    "Start and close of a system of two threads against two bare workers; spawning small actors one after another.",
  run: async () => [...(await starts()), ...(await spawns())],
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
      {
        name: "spawn, all at once",
        async run() {
          const start = performance.now();
          const refs = await Promise.all(Array.from({ length: actors }, () => system.spawn(sink)));
          const rate = perSecond(actors, start);
          await Promise.all(refs.map((ref) => system.stop(ref)));
          return rate;
        },
      },
    ],
  });
}
