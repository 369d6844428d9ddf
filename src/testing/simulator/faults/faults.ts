/** What the simulator may do to a system. */

import { readGiven } from "../../../contracts/read-given.ts";
import { TroupeError } from "../../../errors/troupe-error.ts";
import { shown } from "../../../values/shown.ts";
import type { SeededRandom } from "../schedules/seeded-random.ts";

/**
 * Which faults a simulation has, and how often.
 *
 * @since 0.1.0
 */
export interface Faults {
  /** The probability that a batch on a link, or a write of a durable journal, is held up. Default 0.3. */
  readonly delay?: number;
  /** For how long at most, in virtual milliseconds. Default 20. */
  readonly maxDelay?: number;
  /** The probability that a batch is delivered twice. Default 0.1. */
  readonly duplicate?: number;
  /** The probability, for each batch, that nothing passes between its two threads for a while from then on. Default 0.02; 0 where `delay` is 0. */
  readonly partition?: number;
  /** For how long at most, in virtual milliseconds. Default 200. */
  readonly maxPartition?: number;
  /** The probability, for each run, that writes of a journal in memory take as long as those of a durable one. Default 0.1; 0 where `delay` is 0. */
  readonly slowStore?: number;
  /**
   * The probability, for each commit of an actor to a key that has a state, that another author has just written that state again. That changes nothing
   * but the version, so that the commit meets a conflict. A recipe that runs again because of a conflict meets no such one. Default 0.
   */
  readonly spuriousConflict?: number;
  /** The probability, at each step, that the time of day jumps, as when someone sets the clock. Default 0. */
  readonly clockJump?: number;
  /** By how much at most, forward or back, in milliseconds. Default 60,000. */
  readonly maxClockJump?: number;
  /** The probability, at each step, that a thread dies. Default 0. */
  readonly threadDeath?: number;
  /**
   * The probability, for each batch with an answer, that a thread dies: the one that answers, or the one that hears an answer of the system's thread, such
   * as what became of its commit. It dies before the batch arrives, which is lost then, or right after. Default 0.
   */
  readonly deathAtAnswer?: number;
  /** How many threads may die in one run. Default 1. */
  readonly maxThreadDeaths?: number;
  /** The probability, at each step, that the whole process crashes; it is started again. Default 0. */
  readonly processCrash?: number;
  /** How often the process may crash in one run. Default 1. */
  readonly maxProcessCrashes?: number;
  /** For how long at most nothing runs after a crash, in virtual milliseconds. Default 100. */
  readonly maxDowntime?: number;
  /** The probability, for each write of a leased journal, that its connection breaks, before the write is kept or after. Default 0.05. */
  readonly connectionLoss?: number;
  /**
   * The probability, at each step, that the process is cut off from a leased journal. It lives on, and notices after 60 virtual milliseconds
   * at the latest; after 100, another process owns the journal. Default 0.
   */
  readonly ownershipLoss?: number;
  /** How often that may happen in one run. Default 1. */
  readonly maxOwnershipLosses?: number;
  /**
   * Whether each run draws which of these faults it has, how likely and how long they are, around what is given; a third of the runs has no
   * delay, no duplicate and no partition. Faults that are always on hide what needs one step to be late and all others in time. Default true.
   */
  readonly swarm?: boolean;
}

export type ResolvedFaults = Required<Faults>;

const defaultFaults: ResolvedFaults = {
  delay: 0.3,
  maxDelay: 20,
  duplicate: 0.1,
  partition: 0.02,
  maxPartition: 200,
  slowStore: 0.1,
  spuriousConflict: 0,
  clockJump: 0,
  maxClockJump: 60_000,
  threadDeath: 0,
  deathAtAnswer: 0,
  maxThreadDeaths: 1,
  processCrash: 0,
  maxProcessCrashes: 1,
  maxDowntime: 100,
  connectionLoss: 0.05,
  ownershipLoss: 0,
  maxOwnershipLosses: 1,
  swarm: true,
};

/** Where `delay` is 0, nothing else takes time either, unless it is given. */
const timely: Faults = { partition: 0, slowStore: 0 };

const probabilities = [
  "delay",
  "duplicate",
  "partition",
  "slowStore",
  "spuriousConflict",
  "clockJump",
  "threadDeath",
  "deathAtAnswer",
  "processCrash",
  "connectionLoss",
  "ownershipLoss",
] as const;

/**
 * Fills in the defaults.
 *
 * @throws TroupeError `invalid-options` that names the fault.
 */
export function resolveFaults(faults: Faults = {}): ResolvedFaults {
  const resolved = readGiven("simulate: faults", () => ({
    ...defaultFaults,
    ...(faults.delay === 0 ? timely : undefined),
    ...faults,
  }));
  for (const fault of Object.keys(resolved) as (keyof Faults)[]) {
    const isProbability = probabilities.some((name) => name === fault);
    const value: unknown = resolved[fault];
    if (fault === "swarm" && typeof value === "boolean") continue;
    if (
      fault in defaultFaults &&
      fault !== "swarm" &&
      typeof value === "number" &&
      value >= 0 &&
      value <= (isProbability ? 1 : Number.MAX_VALUE)
    )
      continue;
    const expected = !(fault in defaultFaults)
      ? "no fault there is"
      : fault === "swarm"
        ? "true or false"
        : isProbability
          ? "from 0 to 1"
          : "a number from 0";
    throw new TroupeError("invalid-options", `simulate: faults.${fault} is ${expected}, not ${shown(value)}`);
  }
  return resolved;
}

/** The faults of one run (Groce et al., Swarm Testing, ISSTA 2012). */
export function faultsOfRun(faults: ResolvedFaults, random: SeededRandom): ResolvedFaults {
  if (!faults.swarm) return faults;
  const { delay, duplicate, maxDelay, partition, clockJump, threadDeath, processCrash } = faults;
  const { connectionLoss, ownershipLoss, deathAtAnswer, spuriousConflict } = faults;
  const one = (factors: readonly number[]): number => factors[random.below(factors.length)] as number;
  const isCalm = random.chance(1 / 3);
  const link = (p: number): number => (isCalm ? 0 : Math.min(1, p * one([0, 1 / 3, 1, 1, 2])));
  const strike = (p: number): number => Math.min(1, p * one([0, 1, 1, 2]));
  return {
    ...faults,
    delay: link(delay),
    maxDelay: maxDelay * one([1 / 10, 1 / 2, 1, 1]),
    duplicate: link(duplicate),
    partition: isCalm ? 0 : Math.min(1, partition * one([0, 0, 1, 5])),
    clockJump: strike(clockJump),
    threadDeath: strike(threadDeath),
    processCrash: strike(processCrash),
    connectionLoss: strike(connectionLoss),
    ownershipLoss: strike(ownershipLoss),
    // drawn last, so that a seed draws the other faults as it did without these two
    deathAtAnswer: strike(deathAtAnswer),
    spuriousConflict: spuriousConflict * one([0, 1 / 2, 1, 1]), // not more than given: a loop that tries until it was the first has to end
  };
}
