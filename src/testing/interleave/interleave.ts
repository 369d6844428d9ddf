/** `interleave`: runs tasks that share something many times, each time in another order of what they wait for. */

import * as v from "valibot";
import { checkOptions } from "../../contracts/check-options.ts";
import type { Game } from "../simulator/game.ts";
import { search } from "../simulator/search.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { checkSearch, searchEntries, type SearchOptions } from "../simulator/search-options.ts";
import type { SimulationReport } from "../simulator/simulation-report.ts";
import { virtualSources } from "../simulator/virtual/virtual-sources.ts";
import { explainTasks } from "./explain-tasks.ts";
import type { AnyInterleaving, Interleaving, Task } from "./interleaving.ts";
import { tasksPlayer } from "./play-tasks.ts";

/**
 * Runs async code that is no actor under many schedules: several tasks that share something. Each call of something shared that gives a promise
 * comes back when the schedule says so, one at a time, so that every order is tried in which the awaits of the tasks can end. Code between two
 * awaits runs as a whole, as JavaScript has it; a promise that has nothing to do with what is shared goes on at once.
 *
 * Guarantees: the same seed and program take the same schedule. A failure is repeated, shrunk to the fewest switches, and told as a
 * table with a column for each task, with who read and wrote which version of what is shared. Time and chance of JavaScript come from the seed. Tasks that wait
 * for each other fail as a deadlock.
 *
 * @throws TroupeError (as a rejection) `simulation-failed` with the seed, the step count, the replay and what a task or the check threw
 * as its cause, or `deadlock`, or `livelock`; `not-repeatable` when the same choices led to something else, also those of an earlier run, which held; `invalid-options`, also
 * for something shared that isn't made anew for each run.
 * @example
 * await interleave({
 *   shared: () => ({ account: { balance: 100 }, pay: async () => {} }),
 *   tasks: {
 *     ada: async ({ account, pay }) => { const before = account.balance; await pay(); account.balance = before - 30; },
 *     ben: async ({ account, pay }) => { const before = account.balance; await pay(); account.balance = before - 50; },
 *   },
 *   check: ({ account }) => assert.equal(account.balance, 20),
 * });
 * @since 0.1.0
 * @experimental
 */
export async function interleave<Shared extends object, Tasks extends Readonly<Record<string, Task<Shared>>>>(
  interleaving: Interleaving<Shared, Tasks>,
  options: SearchOptions = {},
): Promise<SimulationReport> {
  const { runs, seed } = checkInterleave(options);
  const it = interleaving as unknown as AnyInterleaving;
  const { report, failure } = await withTasks(it, options, inCode, (game) => search(game, { ...options, seed, runs }));
  if (failure !== undefined) throw failure.error;
  return report;
}

/** @throws TroupeError `invalid-options` */
export function checkInterleave(options: SearchOptions): { readonly seed: number; readonly runs: number } {
  checkOptions("interleave", v.strictObject(searchEntries), options);
  if (options.exhaustive?.isolated === true)
    throw new TroupeError(
      "invalid-options",
      "interleave: tasks share something, and aren't isolated; leave out isolated",
    );
  return checkSearch("interleave", options);
}

/** Has `work` done with tasks as what can be played under choices. */
export function withTasks<T>(
  it: AnyInterleaving,
  options: Pick<SearchOptions, "strategy" | "maxSteps">,
  repeat: Game["repeat"],
  work: (game: Game) => Promise<T>,
): Promise<T> {
  return virtualSources.lend(async () => {
    const player = tasksPlayer(it, options);
    try {
      const { play } = player;
      return await work({ play, code: it, isRepeatable: true, isShrunk: true, explain: explainTasks, repeat });
    } finally {
      player.end();
    }
  });
}

const inCode: Game["repeat"] = {
  bySeed: (seed) => `interleave(tasks, { seed: ${seed}, runs: 1 })`,
  byReplay: (replay) => `interleave(tasks, { replay: "${replay}" })`,
};
