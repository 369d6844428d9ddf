/** What the simulator may do to a system. */

export interface Faults {
  /** The probability that a batch on a link is held up. Default 0.3. */
  readonly delay?: number;
  /** For how long at most, in virtual milliseconds. Default 20. */
  readonly maxDelay?: number;
  /** The probability that a batch is delivered twice. Default 0.1. */
  readonly duplicate?: number;
  /** The probability, at each step, that a thread dies. Default 0. */
  readonly threadDeath?: number;
  /** How many threads may die in one run. Default 1. */
  readonly maxThreadDeaths?: number;
}

export type ResolvedFaults = Required<Faults>;

export const defaultFaults: ResolvedFaults = {
  delay: 0.3,
  maxDelay: 20,
  duplicate: 0.1,
  threadDeath: 0,
  maxThreadDeaths: 1,
};
