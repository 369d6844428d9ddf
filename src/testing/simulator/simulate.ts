/** `simulate`: runs a scenario on the whole runtime, many times, each under another seeded schedule. */

import { checkSystemOptions } from "../../runtime/system/system-options.ts";
import { explanation } from "./explain/explanation.ts";
import { failedBySeed } from "./failure.ts";
import type { Game } from "./game.ts";
import { runOnce, type Sabotage } from "./run-once.ts";
import type { RunOutcome } from "./schedules/run-outcome.ts";
import { search } from "./search.ts";
import { checkSimulate, type Scenario, type SimulateOptions } from "./simulate-options.ts";
import type { SimulationReport } from "./simulation-report.ts";
import { virtualSources } from "./virtual/virtual-sources.ts";

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
 * as its cause, or `deadlock`, or `livelock`; `not-repeatable` when the same choices led to something else, also those of an earlier run, which held; `uncontrolled-source`
 * when it calls what the simulation doesn't decide, such as `fetch`; `invalid-options`.
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
  const { replay, exhaustive, time } = options;
  const { report, failure } = await virtualSources.lend(() =>
    search(simulation(scenario, options), { seed, runs, replay, exhaustive, time }),
  );
  if (failure !== undefined) throw failure.error;
  return report;
}

const inCode: Game["repeat"] = {
  bySeed: (seed) => `simulate(scenario, { seed: ${seed}, runs: 1 })`,
  byReplay: (replay) => `simulate(scenario, { replay: "${replay}" })`,
};

/**
 * A scenario as what can be played under choices, while sources are lent.
 *
 * @throws TroupeError `invalid-options`
 */
export function simulation(scenario: Scenario, options: SimulateOptions, repeat: Game["repeat"] = inCode): Game {
  checkSystemOptions("simulate", options.system ?? {}, "system"); // once, and not for each run
  return {
    play: (seed, { maxSteps = options.maxSteps, ...playing } = {}) =>
      runOnce(scenario, seed, maxSteps === undefined ? options : { ...options, maxSteps }, {
        ...playing,
        sources: virtualSources,
      }),
    code: scenario,
    isRepeatable: options.system?.journal === undefined,
    isShrunk: options.shrink ?? true,
    explain: explanation,
    repeat,
  };
}

/** One run of {@link simulate} under the given seed, which is not repeated if it fails. */
export async function simulateOnce(
  scenario: Scenario,
  seed: number,
  options: SimulateOptions = {},
  sabotage: Sabotage = {},
): Promise<RunOutcome> {
  const sources = virtualSources;
  const run = await sources.lend(() => runOnce(scenario, seed, options, { ...sabotage, sources }), true);
  if (run.failure !== undefined) throw failedBySeed(run, `Repeat it with ${inCode.bySeed(seed)}.`);
  return run;
}
