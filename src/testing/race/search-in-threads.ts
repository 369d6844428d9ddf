/** Searches the schedules of a race in several threads. What is found doesn't depend on how many there are. */

import { TroupeError } from "../../errors/troupe-error.ts";
import { nodeClock } from "../../runtime/platform/node-clock.ts";
import type { Helper } from "../../runtime/threads/node-helper.ts";
import { shown } from "../../values/shown.ts";
import { failure } from "../simulator/failure.ts";
import type { Searched } from "../simulator/search.ts";
import { Tallied, type Tally } from "../simulator/simulation-report.ts";
import type { Race } from "./race.ts";
import { partOverrides, raceHelper } from "./race-helper.ts";
import type { PartAnswer, PartOrder, RacePlace } from "./race-thread.ts";
import { optionsOf, type RaceSearch, withRace } from "./search-race.ts";

export interface ThreadedSearch extends Omit<RaceSearch, "isOver"> {
  readonly place: RacePlace;
  readonly jobs: number;
  /** Ends the search when it aborts: what was tried until then is the report. */
  readonly signal?: AbortSignal | undefined;
  /** Hears how many schedules have been tried. */
  readonly onProgress?: ((runs: number) => void) | undefined;
}

/** So many schedules a thread plays at a time: few, so that all threads end at about the same time, and enough that asking costs little. */
const atATime = 25;

/**
 * Finds the failure with the lowest seed, as a search in one thread does. Not for `exhaustive` and `replay`.
 *
 * @throws TroupeError (as a rejection) `invalid-options`, and as the import of the module does.
 */
export async function searchInThreads(race: Race, order: ThreadedSearch): Promise<Searched> {
  const { options, seed, runs } = optionsOf(race, order.overrides);
  if (options.exhaustive !== undefined || options.replay !== undefined)
    throw new TroupeError("invalid-options", "exhaustive and replay are for one thread; leave out jobs");
  if (!Number.isSafeInteger(order.jobs) || order.jobs < 1)
    throw new TroupeError("invalid-options", `jobs: count is a whole number from 1, not ${shown(order.jobs)}`);
  const parts = await playedParts({ ...order, seed, runs, time: options.time ?? Number.POSITIVE_INFINITY });
  const failed = parts.find((part) => part?.failed !== undefined)?.failed;
  const report = tallied(parts, failed).report(seed);
  if (failed === undefined) return { report };
  const found = await withRace(race, options, order.repeat, async (game) => {
    const run = await game.play(failed);
    if (run.failure !== undefined || run.isTouched) return failure(game, run);
    const message = `the scenario failed with seed ${failed} in a thread, and held when it was run again in another. It depends on something that the simulation doesn't decide, such as a variable that outlives the run.`;
    const error = new TroupeError("not-repeatable", message, { details: { seed: failed, steps: run.trace.length } });
    return { error, explained: [], repeat: [] };
  });
  return { report, failure: found };
}

interface Parts extends ThreadedSearch {
  readonly seed: number;
  readonly runs: number;
  /** Milliseconds. */
  readonly time: number;
}

/** The answers for the parts of the runs, in the order of their seeds. Parts after the first that failed may be missing. */
async function playedParts(order: Parts): Promise<readonly (PartAnswer | undefined)[]> {
  const { seed, runs, time, jobs, place, signal, onProgress } = order;
  const overrides = partOverrides(order.overrides);
  const clock = nodeClock();
  const end = clock.now() + time;
  const answers: (PartAnswer | undefined)[] = [];
  const count = Math.ceil(runs / atATime);
  let [next, last, tried] = [0, count, 0];
  const work = async (helper: Helper<PartOrder, PartAnswer>): Promise<void> => {
    const isOver = (): boolean => signal?.aborted === true || clock.now() >= end;
    while (next < last && !isOver()) {
      const part = next++;
      const from = part * atATime;
      const ask = { ...place, overrides, seed: seed + from, runs: Math.min(atATime, runs - from) };
      const answer = await helper.ask(ask);
      answers[part] = answer;
      if (answer.failed !== undefined) last = Math.min(last, part);
      onProgress?.((tried += answer.tally.runs));
    }
  };
  const helpers = Array.from({ length: Math.min(jobs, count) }, raceHelper);
  const aborted = new Promise<void>((resolve) => {
    signal?.addEventListener("abort", () => resolve(), { once: true });
    if (signal?.aborted === true) resolve();
  });
  try {
    await Promise.race([Promise.all(helpers.map(work)), aborted]);
  } finally {
    await Promise.all(helpers.map((helper) => helper.end()));
  }
  return [...answers];
}

/** The sum of all parts, or of those until the seed that failed. */
function tallied(parts: readonly (PartAnswer | undefined)[], failed: number | undefined): Tallied {
  const sum = new Tallied();
  for (const part of parts) {
    if (part === undefined) continue;
    sum.add(part.tally satisfies Tally);
    if (part.failed !== undefined && part.failed === failed) break;
  }
  return sum;
}
