/** `raceTest`: a race as a test of whichever runner there is. */

import { TroupeError } from "../../errors/troupe-error.ts";
import type { Interleaving, Task } from "../interleave/interleaving.ts";
import type { Game } from "../simulator/game.ts";
import type { Scenario, SimulateOptions } from "../simulator/simulate-options.ts";
import type { Searched } from "../simulator/search.ts";
import { playedAlone } from "./play-alone.ts";
import { isLoadedForRaces, type Race } from "./race.ts";
import { searchInThreads } from "./search-in-threads.ts";
import { type Overrides, type RaceSearch, searchRace } from "./search-race.ts";

/**
 * A test runner's function that makes a test: that of Vitest, Jest, Bun or `node:test`.
 *
 * @since 0.1.0
 */
export type RunnerTest = (name: string, run: () => Promise<void>, timeout: number) => unknown;

/**
 * How {@link raceTest} makes a test.
 *
 * @since 0.1.0
 */
export interface RaceTestOptions extends SimulateOptions {
  /** The runner's function. Default: the global `test`, as with `globals: true` of Vitest. `test.only` and `test.skip` fit, too. */
  readonly test?: RunnerTest;
  /**
   * Has `count` threads try schedules at once. A scenario can't be sent to a thread, so each thread loads the race that `module` exports under `name`,
   * without the runner. The search finds the same failure as in one thread. A seed that fails is played once more, alone, in a fresh thread: if the
   * scenario holds there, a variable of a module outlives the runs, and the error is `not-repeatable`. Not for `exhaustive`. Default: the runner's thread.
   */
  readonly jobs?: { readonly count: number; readonly module: string | URL; readonly name: string };
  /** After so many milliseconds the runner gives the test up. Default 120,000. */
  readonly timeout?: number;
}

/**
 * Makes a test that tries many schedules of a scenario, as `simulate` does, or of tasks, as `interleave` does. Its error is the report of
 * the failure: what happened, what raced, and how to repeat it. What was stated by `sometimes` and never met is a warning.
 *
 * Returns the race, so that a module can export it for `troupe race FILE`; loaded by that, it makes no test.
 *
 * Environment variables repeat a failure of the one test that is run: `TROUPE_RACE_SEED` the schedule of a seed, `TROUPE_RACE_REPLAY` that of a
 * replay. `TROUPE_RACE_RUNS` says how many schedules are tried, such as more of them at night.
 *
 * @throws TroupeError `invalid-options` where there is no runner.
 * @example
 * import { test } from "vitest";
 *
 * raceTest("two desks sell each ticket once", async ({ system }) => {
 *   const desks = await Promise.all([system.spawn(desk), system.spawn(desk)]);
 *   const sold = await Promise.all(desks.map((ref) => ref.ask("sell")));
 *   assert.equal(sold.filter(Boolean).length, 1);
 * }, { test, runs: 500 });
 * @since 0.1.0
 * @experimental
 */
export function raceTest<Shared extends object, Tasks extends Readonly<Record<string, Task<Shared>>>>(
  name: string,
  scenario: Scenario | Interleaving<Shared, Tasks>,
  { test = globalTest(), timeout = 120_000, jobs, ...options }: RaceTestOptions = {},
): Race {
  const race: Race = { name, scenario, options };
  if (isLoadedForRaces()) return race;
  if (test === undefined)
    throw new TroupeError(
      "invalid-options",
      `raceTest: there is no test runner for ${JSON.stringify(name)}. Give its function: raceTest(name, scenario, { test }), or have Vitest make it global by globals: true. troupe race FILE needs none`,
    );
  test(name, () => runAsTest(race, jobs), timeout);
  return race;
}

async function runAsTest(race: Race, jobs: RaceTestOptions["jobs"]): Promise<void> {
  const search = { overrides: overridesOf(process.env), repeat: byTest(race.name) };
  const { report, failure } = await (jobs === undefined || search.overrides.replay !== undefined
    ? searchRace(race, search)
    : searchByThreads(race, search, jobs));
  if (failure !== undefined) throw failure.error;
  for (const what of report.unmet)
    console.warn(`${race.name}: sometimes ${JSON.stringify(what)} was met in none of ${report.runs} runs`);
}

/** Plays a seed that fails once more, alone: its failure may come of something that earlier runs have left in their thread. */
async function searchByThreads(
  race: Race,
  search: RaceSearch,
  { count, module, name }: NonNullable<RaceTestOptions["jobs"]>,
): Promise<Searched> {
  const place = { module: String(module), exportName: name };
  return playedAlone(await searchInThreads(race, { ...search, place, jobs: count }), place, search.overrides);
}

function globalTest(): RunnerTest | undefined {
  const test: unknown = Reflect.get(globalThis, "test");
  return typeof test === "function" ? (test as RunnerTest) : undefined;
}

/** @throws TroupeError `invalid-options` */
function overridesOf(env: Readonly<Record<string, string | undefined>>): Overrides {
  const { TROUPE_RACE_SEED: seed, TROUPE_RACE_REPLAY: replay, TROUPE_RACE_RUNS: runs } = env;
  if (replay !== undefined && replay !== "") return { replay };
  if (seed !== undefined && seed !== "") return { seed: numberOf("TROUPE_RACE_SEED", seed), runs: 1 };
  return runs === undefined || runs === "" ? {} : { runs: numberOf("TROUPE_RACE_RUNS", runs) };
}

function numberOf(variable: string, text: string): number {
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw new TroupeError("invalid-options", `${variable} is a whole number, not ${JSON.stringify(text)}`);
}

/** How the failure of a test is repeated: by the runner, with this test alone. */
function byTest(name: string): Game["repeat"] {
  const run = process.env["VITEST"] === undefined ? ", with this test alone" : ` npx vitest run -t ${inShell(name)}`;
  return {
    bySeed: (seed) => `TROUPE_RACE_SEED=${seed}${run}`,
    byReplay: (replay) => `TROUPE_RACE_REPLAY=${replay}${run}`,
  };
}

/** A pattern that the name matches, as a word of a shell. */
function inShell(name: string): string {
  return `'${name.replace(/[$()*+.?[\\\]^{|}]/g, "\\$&").replaceAll("'", "'\\''")}'`;
}
