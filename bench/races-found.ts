/** How soon a race is found: those of `test/races`, each under several seeds and by each strategy, and what is left once it is shrunk. */

import { isTroupeError } from "../src/index.ts";
import type { StrategyName } from "../src/testing/index.ts";
import { readSchedule } from "../src/testing/simulator/schedules/schedule-string.ts";
import { strategyNames } from "../src/testing/simulator/schedules/strategy.ts";
import { simulate, simulateOnce } from "../src/testing/simulator/simulate.ts";
import { memoryRaces } from "../test/races/memory-races.ts";
import { messageRaces } from "../test/races/message-races.ts";
import type { Race } from "../test/races/players.ts";
import { stateRaces } from "../test/races/state-races.ts";
import { workflowRaces } from "../test/races/workflow-races.ts";
import { type Figure, quantile } from "../src/bench/figure.ts";

const seeds = 30;
/** Of so many seeds, failures are shrunk. */
const shrunkSeeds = 5;
/** So many schedules of a strategy say how often it hits. */
const tries = 100;
/** A race that doesn't show in so many counts as one more. */
const most = 2_000;
/** From the first seed of a round to that of the next. */
const stride = 1_000_003;

export async function racesFound(): Promise<Figure[]> {
  const races = [...stateRaces, ...memoryRaces, ...messageRaces, ...workflowRaces].filter(
    ({ isRare }) => isRare !== true,
  );
  const figures: Figure[] = [];
  for (const race of races) figures.push(...(await soon(race)), await left(race), ...(await hits(race)));
  const logs = figures.filter(({ bench }) => bench === found).reduce((sum, { value }) => sum + Math.log(value), 0);
  return [...figures, figure(found, "geometric mean", "schedules", [Math.exp(logs / races.length)])];
}

const found = "race, to the first failure";

/** Schedules and processor time until one fails. */
async function soon(race: Race): Promise<Figure[]> {
  const counts: number[] = [];
  const times: number[] = [];
  for (let round = 0; round < seeds; round++) {
    const before = process.cpuUsage();
    let tried = 1;
    while (tried <= most && !(await fails(race, stride * round + tried))) tried++;
    counts.push(tried);
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1_000);
  }
  return [
    figure(found, race.name, "schedules", counts),
    figure("race, the same in 95 % of seeds", race.name, "schedules", counts, 0.95),
    figure("race, its processor time", race.name, "ms", times),
  ];
}

/** What is left of switches and faults once a failure is shrunk. */
async function left({ name, buggy, options }: Race): Promise<Figure> {
  const sizes: number[] = [];
  for (let round = 0; round < shrunkSeeds; round++) {
    const error: unknown = await simulate(buggy, { ...options, seed: 1 + stride * round, runs: most }).catch(
      (thrown: unknown) => thrown,
    );
    if (!isTroupeError(error, "simulation-failed") && !isTroupeError(error, "deadlock")) continue;
    const { step, fault, strike } = readSchedule(error.details.replay ?? "").chosen;
    sizes.push([...step, ...fault, ...strike].filter((choice) => choice !== 0).length);
  }
  return figure("race, shrunk", name, "switches, faults", sizes);
}

/** Which share of its schedules each strategy has fail. */
async function hits(race: Race): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const strategy of strategyNames) {
    let failed = 0;
    for (let seed = 1; seed <= tries; seed++) if (await fails(race, seed, strategy)) failed++;
    figures.push(figure(`race, hit by ${strategy}`, race.name, "% of schedules", [(100 * failed) / tries]));
  }
  return figures;
}

async function fails({ buggy, options }: Race, seed: number, strategy: StrategyName = "portfolio"): Promise<boolean> {
  return simulateOnce(buggy, seed, { ...options, strategy }).then(
    () => false,
    () => true,
  );
}

function figure(bench: string, subject: string, unit: string, values: readonly number[], q = 0.5): Figure {
  const value = quantile(values, q);
  const spread = value === 0 ? 0 : (quantile(values, 0.75) - quantile(values, 0.25)) / value;
  return { bench, subject, value, unit, baseline: null, ratio: null, spread };
}
