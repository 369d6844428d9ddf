/** The options of `simulate`. */

import * as v from "valibot";
import { checkOptions } from "../../contracts/check-options.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { nodeRandom } from "../../runtime/platform/node-random.ts";
import type { SystemOptions } from "../../runtime/system/system-options.ts";
import { shown } from "../../values/shown.ts";
import type { ActorFailure } from "./actor-failure.ts";
import type { FakeAnswer } from "./fake-answer.ts";
import type { Faults } from "./faults/faults.ts";
import { type StrategyName, strategyNames } from "./schedules/strategy.ts";
import type { World } from "./world/world.ts";

/**
 * The code under test: sets actors up, lets them race, and throws if something that must hold does not.
 *
 * @since 0.1.0
 */
export type Scenario = (world: World) => Promise<void>;

/**
 * Which schedules {@link simulate} tries, and what may go wrong in them.
 *
 * @since 0.1.0
 */
export interface SimulateOptions {
  /** The first run's seed; the others follow it. Default: another one each time. */
  readonly seed?: number;
  /** How many schedules to try. Default 100. */
  readonly runs?: number;
  /** Repeats one schedule, as a failure prints it, in place of `runs` by `seed`. Give the other options that it failed with. */
  readonly replay?: string;
  /**
   * Tries every schedule with at most so many switches, those with fewer first, in place of some that are drawn; default: any number of
   * switches. A switch is a step that doesn't go on with what the last step led to. There are no faults then, placement doesn't vary, and `runs` is how
   * many schedules are tried at most, 100,000 by default. For small scenarios: a switch more is some dozens of times the schedules.
   */
  readonly exhaustive?: { readonly switches?: number };
  readonly faults?: Faults;
  /** How the next step is chosen. Default `"portfolio"`: another way for each run. */
  readonly strategy?: StrategyName;
  /**
   * Which thread an actor is on that may be on any. `"drawn"`: in half of the runs, any by chance; actors that share a thread see each
   * other's commits at once, so both matter. `"spread"`: always the least loaded, as in production. Default `"drawn"`.
   */
  readonly placement?: "drawn" | "spread";
  /**
   * What a crash of the process leaves. `"memory"`: nothing. `"durable"`: all acknowledged commits, and the first few of those
   * that were under way, how many by chance; commits then take some virtual time. Default `"memory"`.
   */
  readonly journal?: "memory" | "durable";
  /** The system's options; `threads` is 2 and `logger` false unless given. If they have a `journal`, the process can't crash. */
  readonly system?: Omit<SystemOptions, "env" | "resourceLimits" | "stallTimeout" | "shutdownOn">;
  /**
   * What agents do in place of their own code, by {@link answering}: in steps of runs, and when they are called. Contract, policies and
   * placement stay theirs, so that an answer that throws is tried again as their `retry` says, and its output is checked. Their
   * compensations do nothing. Default: all run their own code.
   */
  readonly agents?: readonly FakeAnswer[];
  /**
   * Whether a failure is meant to happen. What a handler or a behaviour throws fails the run, unless its asker is told: else an assertion
   * in a handler that was told would go unseen. A refusal is no failure. Default: none is meant to happen.
   */
  readonly expects?: (failure: ActorFailure) => boolean;
  /** A run with more steps than this fails, since something keeps itself busy. Default 100,000. */
  readonly maxSteps?: number;
}

/** How many schedules an exhaustive search tries at most. */
const mostExhaustive = 100_000;

/** Of seed, runs, faults and journal, `simulate` says itself what is wrong; of the system's options, the system. */
const schema = v.strictObject({
  seed: v.optional(v.unknown()),
  replay: v.optional(v.string()),
  runs: v.optional(v.unknown()),
  exhaustive: v.optional(v.strictObject({ switches: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))) })),
  faults: v.optional(v.unknown()),
  strategy: v.optional(v.picklist(strategyNames)),
  placement: v.optional(v.picklist(["drawn", "spread"])),
  journal: v.optional(v.unknown()),
  system: v.optional(v.record(v.string(), v.unknown())),
  agents: v.optional(v.array(v.object({ agent: v.unknown(), answer: v.function() }))),
  expects: v.optional(v.function()),
  maxSteps: v.optional(v.pipe(v.number(), v.minValue(1))),
});

/**
 * The seed of the first run, and how many there are.
 *
 * @throws TroupeError `invalid-options`
 */
export function checkSimulate(options: SimulateOptions): { readonly seed: number; readonly runs: number } {
  checkOptions("simulate", schema, options);
  const { exhaustive, runs = exhaustive === undefined ? 100 : mostExhaustive, replay } = options;
  const { seed = exhaustive === undefined ? Math.floor(nodeRandom().next() * 2 ** 31) : 1 } = options;
  for (const name of ["faults", "strategy", "placement"] as const)
    if (exhaustive !== undefined && options[name] !== undefined)
      throw new TroupeError(
        "invalid-options",
        `simulate: exhaustive tries schedules without ${name}; leave one of them out`,
      );
  if (replay !== undefined && (options.seed !== undefined || options.runs !== undefined))
    throw new TroupeError("invalid-options", "simulate: replay is one schedule; leave out seed and runs");
  if (!Number.isSafeInteger(runs) || runs < 1)
    throw new TroupeError("invalid-options", `simulate: runs is a whole number from 1, not ${shown(runs)}`);
  if (!Number.isSafeInteger(seed))
    throw new TroupeError("invalid-options", `simulate: seed is a whole number, not ${shown(seed)}`);
  return { runs, seed };
}
