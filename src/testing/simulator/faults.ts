/** What the simulator may do to a system. */

import { readGiven } from "../../contracts/read-given.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { shown } from "../../values/shown.ts";

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
  /** The probability, at each step, that a thread dies. Default 0. */
  readonly threadDeath?: number;
  /** How many threads may die in one run. Default 1. */
  readonly maxThreadDeaths?: number;
  /** The probability, at each step, that the whole process crashes; it is started again. Default 0. */
  readonly processCrash?: number;
  /** How often the process may crash in one run. Default 1. */
  readonly maxProcessCrashes?: number;
  /** For how long at most nothing runs after a crash, in virtual milliseconds. Default 100. */
  readonly maxDowntime?: number;
}

export type ResolvedFaults = Required<Faults>;

const defaultFaults: ResolvedFaults = {
  delay: 0.3,
  maxDelay: 20,
  duplicate: 0.1,
  threadDeath: 0,
  maxThreadDeaths: 1,
  processCrash: 0,
  maxProcessCrashes: 1,
  maxDowntime: 100,
};

const probabilities = ["delay", "duplicate", "threadDeath", "processCrash"] as const;

/**
 * Fills in the defaults.
 *
 * @throws TroupeError `invalid-options` that names the fault.
 */
export function resolveFaults(faults: Faults = {}): ResolvedFaults {
  const resolved = readGiven("simulate: faults", () => ({ ...defaultFaults, ...faults }));
  for (const fault of Object.keys(resolved) as (keyof Faults)[]) {
    const isProbability = probabilities.some((name) => name === fault);
    const value: unknown = resolved[fault];
    if (
      fault in defaultFaults &&
      typeof value === "number" &&
      value >= 0 &&
      value <= (isProbability ? 1 : Number.MAX_VALUE)
    )
      continue;
    const expected = !(fault in defaultFaults)
      ? "no fault there is"
      : isProbability
        ? "from 0 to 1"
        : "a number from 0";
    throw new TroupeError("invalid-options", `simulate: faults.${fault} is ${expected}, not ${shown(value)}`);
  }
  return resolved;
}
