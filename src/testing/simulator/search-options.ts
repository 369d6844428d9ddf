/** How schedules are searched, whatever is played under them. */

import * as v from "valibot";
import { TroupeError } from "../../errors/troupe-error.ts";
import { nodeRandom } from "../../runtime/platform/node-random.ts";
import { shown } from "../../values/shown.ts";
import { type StrategyName, strategyNames } from "./schedules/strategy.ts";

/**
 * Which schedules are tried, and how many.
 *
 * @since 0.1.0
 */
export interface SearchOptions {
  /** The first run's seed; the others follow it. Default: another one each time. */
  readonly seed?: number;
  /** How many schedules to try. Default 100. */
  readonly runs?: number;
  /** After so many real milliseconds no other schedule is tried, whatever `runs` is. Default: no end. */
  readonly time?: number;
  /** Repeats one schedule, as a failure prints it, in place of `runs` by `seed`. Give the other options that it failed with. */
  readonly replay?: string;
  /**
   * Tries every schedule with at most so many switches, those with fewer first, in place of some that are drawn; default: any number of
   * switches. A switch is a step that doesn't go on with what the last step led to. There are no faults then, placement doesn't vary, and `runs` is how
   * many schedules are tried at most, 100,000 by default. For small scenarios: a switch more is some dozens of times the schedules.
   */
  readonly exhaustive?: Exhaustive;
  /** How the next step is chosen. Default `"portfolio"`: another way for each run. */
  readonly strategy?: StrategyName;
  /** A run with more steps than this fails, since something keeps itself busy. Default 100,000. */
  readonly maxSteps?: number;
}

/**
 * Which of all schedules are tried.
 *
 * @since 0.1.0
 */
export interface Exhaustive {
  /** Those with at most so many switches. Default: any number. */
  readonly switches?: number;
  /**
   * True if actors on different threads share nothing but messages and the store: no variable of a module or of the test, which all of them see here.
   * Then schedules that lead to the same states are tried once. What holds under those that are tried holds under all. Default false.
   */
  readonly isolated?: boolean;
}

/** How many schedules an exhaustive search tries at most. */
const mostExhaustive = 100_000;

/** Of seed and runs, {@link checkSearch} says itself what is wrong. */
export const searchEntries = {
  seed: v.optional(v.unknown()),
  runs: v.optional(v.unknown()),
  time: v.optional(v.pipe(v.number(), v.minValue(1))),
  replay: v.optional(v.string()),
  exhaustive: v.optional(
    v.strictObject({
      switches: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
      isolated: v.optional(v.boolean()),
    }),
  ),
  strategy: v.optional(v.picklist(strategyNames)),
  maxSteps: v.optional(v.pipe(v.number(), v.minValue(1))),
};

/**
 * The seed of the first run, and how many there are.
 *
 * @throws TroupeError `invalid-options`
 */
export function checkSearch(by: string, options: SearchOptions): { readonly seed: number; readonly runs: number } {
  const { exhaustive, runs = exhaustive === undefined ? 100 : mostExhaustive, replay, strategy } = options;
  const { seed = exhaustive === undefined ? Math.floor(nodeRandom().next() * 2 ** 31) : 1 } = options;
  if (exhaustive !== undefined && strategy !== undefined) throw exhaustiveWithout(by, "strategy");
  if (replay !== undefined && (options.seed !== undefined || options.runs !== undefined))
    throw new TroupeError("invalid-options", `${by}: replay is one schedule; leave out seed and runs`);
  if (!Number.isSafeInteger(runs) || runs < 1)
    throw new TroupeError("invalid-options", `${by}: runs is a whole number from 1, not ${shown(runs)}`);
  if (!Number.isSafeInteger(seed))
    throw new TroupeError("invalid-options", `${by}: seed is a whole number, not ${shown(seed)}`);
  return { runs, seed };
}

/** The error of an exhaustive search with an option that only others have. */
export function exhaustiveWithout(by: string, option: string): TroupeError {
  return new TroupeError(
    "invalid-options",
    `${by}: exhaustive tries schedules without ${option}; leave one of them out`,
  );
}
