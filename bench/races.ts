/** What a simulated schedule costs, and how many a race takes. */

import { defineActor, defineState } from "troupe";
import { type Scenario, simulate } from "troupe/testing";
import * as v from "valibot";
import * as fc from "fast-check";
import { racesFound } from "./races-found.ts";
import type { Figure } from "../src/bench/figure.ts";
import { measure, type Subject } from "../src/bench/measure.ts";
import { perSecond, type Topic } from "./topic.ts";

const tally = defineState({
  name: "tally",
  version: 1,
  schema: v.object({ n: v.number() }),
  initial: () => ({ n: 0 }),
});

/** Reads, and then commits what it has computed from that: two of them lose an update. */
const adder = defineActor(import.meta.url, {
  name: "adder",
  protocol: { add: { input: v.number() } },
  on: {
    async add(_draft, by, context) {
      const { n } = await context.read(tally, "k");
      await context.commit(tally, "k", (draft) => {
        draft.n = n + by;
      });
    },
  },
});

const echo = defineActor(import.meta.url, {
  name: "echo",
  protocol: { echo: { input: v.number(), reply: v.number() } },
  on: { echo: (_draft, x) => x },
});

const lostUpdate: Scenario = async ({ system }) => {
  const [a, b] = await Promise.all([system.spawn(adder), system.spawn(adder)]);
  await Promise.all([a.ask("add", 1), b.ask("add", 2)]);
  await system.store.read(tally, "k");
};

const asks: Scenario = async ({ system }) => {
  const ref = await system.spawn(echo);
  for (let i = 0; i < 200; i++) await ref.ask("echo", i);
};

export const races: Topic = {
  name: "races",
  about:
    "What the simulator's schedules cost, on one core: the lost update of two actors, beside fast-check's scheduler on the same logic as plain\n" +
    "functions; and the steps of an actor that is asked 200 times. And of each race of test/races, over 30 seeds, how many\n" +
    "schedules it takes until one fails, and what processor time; what is left of five failures once they are shrunk; and how often each strategy hits.",
  run: async () => [...(await schedules()), ...(await steps()), ...(await racesFound()), await foundByFastCheck()],
};

function schedules(): Promise<Figure[]> {
  return measure({
    bench: "lost update of two actors",
    unit: "schedules/s",
    baseline: "fast-check, plain functions",
    rounds: 5,
    subjects: [
      {
        name: "fast-check, plain functions",
        async run() {
          const numRuns = 2_000;
          const start = performance.now();
          await fc.assert(
            fc.asyncProperty(fc.scheduler(), async (scheduler) => void (await plainLostUpdate(scheduler))),
            { numRuns },
          );
          return perSecond(numRuns, start);
        },
      },
      {
        name: "simulate",
        async run() {
          const runs = 1_000;
          const start = performance.now();
          await simulate(lostUpdate, { runs, seed: 1 });
          return perSecond(runs, start);
        },
      },
    ],
  });
}

/** How many schedules of fast-check the lost update takes, as plain functions. */
async function foundByFastCheck(): Promise<Figure> {
  const [figure] = await measure({
    bench: "race, to the first failure by fast-check",
    unit: "schedules",
    rounds: 30,
    subjects: [
      {
        name: "lost update across a pause, plain functions",
        async run() {
          const lost = fc.asyncProperty(fc.scheduler(), async (scheduler) => (await plainLostUpdate(scheduler)) === 3);
          const { numRuns } = await fc.check(lost, { numRuns: 2_000, endOnFailure: true });
          return numRuns;
        },
      },
    ],
  });
  return figure as Figure;
}

async function plainLostUpdate(scheduler: fc.Scheduler): Promise<number> {
  let n = 0;
  const read = scheduler.scheduleFunction(async () => n);
  const write = scheduler.scheduleFunction(async (value: number) => void (n = value));
  const add = async (by: number): Promise<void> => write((await read()) + by);
  await scheduler.waitFor(Promise.all([add(1), add(2)]));
  return n;
}

function steps(): Promise<Figure[]> {
  const subject = (name: string, scenario: Scenario, runs: number): Subject => ({
    name,
    async run() {
      const start = performance.now();
      const report = await simulate(scenario, { runs, seed: 1 });
      return perSecond(report.steps, start);
    },
  });
  return measure({
    bench: "steps of a simulation",
    unit: "steps/s",
    rounds: 5,
    subjects: [subject("asks alone", asks, 50), subject("lost update", lostUpdate, 1_000)],
  });
}
