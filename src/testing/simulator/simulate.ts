/** `simulate`: runs a scenario on the whole runtime, many times, each under another seeded schedule. */

import type { Chosen } from "./schedules/choices.ts";
import { everySchedule } from "./schedules/exhaustive.ts";
import { RunLog } from "./explain/run-log.ts";
import { failedBySeed, failedOnReplay, failure } from "./failure.ts";
import { type RunOutcome, runOnce, type Sabotage } from "./run-once.ts";
import { readSchedule } from "./schedules/schedule-string.ts";
import { VirtualSources } from "./virtual/virtual-sources.ts";
import { checkSimulate, type Scenario, type SimulateOptions } from "./simulate-options.ts";

/**
 * What {@link simulate} tried, if nothing failed.
 *
 * @since 0.1.0
 */
export interface SimulationReport {
  readonly seed: number;
  readonly runs: number;
  /** Steps over all runs. */
  readonly steps: number;
  /** How many different schedules the runs took. */
  readonly schedules: number;
  /** How often the process crashed over all runs. */
  readonly crashes: number;
  /** With `exhaustive`: true if these were all schedules that it is to try. False where `runs` ended it before. */
  readonly isComplete?: boolean;
}

/**
 * Runs `scenario` under many schedules. All of the runtime runs as in production, but on one thread and on virtual time:
 * the simulator picks, by its seed, which actor takes its turn, which batch arrives, how long it is held up, whether it
 * arrives twice, and whether a thread dies or the whole process crashes.
 *
 * Guarantees: the same seed and program take the same schedule, step for step (invariant 8). A failure names its seed,
 * and `simulate(scenario, { seed, runs: 1 })` repeats it. The failing run is run again, to see whether it can be repeated, and then shrunk to fewer
 * switches and faults; what is left is a `replay`. A scenario that waits for something that nothing in the
 * simulation will bring fails as a deadlock instead of hanging.
 *
 * @throws TroupeError (as a rejection) `simulation-failed` with the seed, the step count, the replay and what the scenario threw
 * as its cause, or `deadlock`, or `livelock`; `not-repeatable` when the same choices led to something else; `invalid-options`.
 * @example
 * await simulate(async ({ system }) => {
 *   const ref = await system.spawn(counter);
 *   await Promise.all([ref.ask("add", { by: 1 }), ref.ask("add", { by: 1 })]);
 *   assert.equal(await ref.ask("get"), 2);
 * }, { runs: 500 });
 * @since 0.1.0
 */
export async function simulate(scenario: Scenario, options: SimulateOptions = {}): Promise<SimulationReport> {
  const { runs, seed } = checkSimulate(options);
  return withSources((sources) => {
    if (options.replay !== undefined) return replayed(scenario, options, options.replay, sources);
    if (options.exhaustive !== undefined) return exhausted(scenario, options, { seed, runs, sources });
    return drawn(scenario, options, { seed, runs, sources });
  });
}

async function withSources<T>(work: (sources: VirtualSources) => Promise<T>): Promise<T> {
  const sources = new VirtualSources();
  sources.install();
  try {
    return await work(sources);
  } finally {
    sources.remove();
  }
}

/** Where a search begins, and how long it is at most. */
interface Search {
  readonly seed: number;
  readonly runs: number;
  readonly sources: VirtualSources;
}

async function drawn(
  scenario: Scenario,
  options: SimulateOptions,
  { seed, runs, sources }: Search,
): Promise<SimulationReport> {
  const schedules = new Set<string>();
  let steps = 0;
  let crashes = 0;
  for (let i = 0; i < runs; i++) {
    const run = await runOnce(scenario, seed + i, options, { sources });
    if (run.failure !== undefined) throw await failure(scenario, options, run, sources);
    schedules.add(run.schedule);
    steps += run.trace.length;
    crashes += run.crashes;
  }
  return { seed, runs, steps, schedules: schedules.size, crashes };
}

async function exhausted(
  scenario: Scenario,
  options: SimulateOptions,
  { seed, runs, sources }: Search,
): Promise<SimulationReport> {
  const { switches = Number.POSITIVE_INFINITY } = options.exhaustive ?? {};
  const run = (chosen: Chosen): Promise<RunOutcome> => runOnce(scenario, seed, options, { sources, given: { chosen } });
  const schedules = new Set<string>();
  let [tried, steps] = [0, 0];
  const search = everySchedule({ run, switches, runs });
  for (;;) {
    const { value, done } = await search.next();
    if (done === true) return { seed, runs: tried, steps, schedules: schedules.size, crashes: 0, isComplete: value };
    if (value.failure !== undefined) throw await failure(scenario, options, value, sources);
    tried++;
    steps += value.trace.length;
    schedules.add(value.schedule);
  }
}

async function replayed(
  scenario: Scenario,
  options: SimulateOptions,
  replay: string,
  sources: VirtualSources,
): Promise<SimulationReport> {
  const schedule = readSchedule(replay);
  const { seed } = schedule;
  const log = new RunLog();
  const run = await runOnce(scenario, seed, options, { sources, given: schedule, log });
  const error = failedOnReplay(run, schedule, replay, log);
  if (error !== undefined) throw error;
  return { seed, runs: 1, steps: run.trace.length, schedules: 1, crashes: run.crashes };
}

/** One run of {@link simulate} under the given seed, which is not repeated if it fails. */
export async function simulateOnce(
  scenario: Scenario,
  seed: number,
  options: SimulateOptions = {},
  sabotage: Sabotage = {},
): Promise<RunOutcome> {
  const run = await withSources((sources) => runOnce(scenario, seed, options, { ...sabotage, sources }));
  if (run.failure !== undefined) throw failedBySeed(run, run.failure.thrown);
  return run;
}
