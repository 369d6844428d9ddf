/** What can be done to an agent's call on purpose, how often, and to which call: a plan made by a seed. Pure. */

import { hash } from "./hash.ts";
import { mulberry32 } from "./mulberry32.ts";

/**
 * `kill`: the thread dies, by an exit, an error that no code catches, or a rejection that no code handles. `stall`: the thread
 * stands still until it is found and killed. `throw`: the call fails. `hang`: it gives no answer. `slow`: it takes far longer.
 */
export const FAULTS = ["kill", "stall", "throw", "hang", "slow"] as const;
export type FaultKind = (typeof FAULTS)[number];

/** The share of calls that meet each kind of fault, from 0 to 1; together 1 at most. */
export type FaultRates = Readonly<Record<FaultKind, number>>;

/** A decision takes five calls: 500 decisions kill half a dozen threads, and one in two meets some fault. */
export const DEFAULT_RATES: FaultRates = { kill: 0.001, stall: 0.001, throw: 0.05, hang: 0.005, slow: 0.05 };

/** A fault of a call: before the agent has done anything, or when it has done all and has not told its caller yet. */
export interface Fault {
  readonly kind: FaultKind;
  readonly moment: "before" | "after";
  /** Which of the ways there are, from 0 up to 1. */
  readonly way: number;
}

/** The fault that a step meets which has met so many before, if any: the same for the same seed. */
export function faultOf(seed: number, rates: FaultRates, step: string, before: number): Fault | undefined {
  const random = mulberry32(hash(`${seed} ${step} ${before}`));
  random(); // the first number of neighbouring seeds is alike
  let left = random();
  const kind = FAULTS.find((candidate) => (left -= rates[candidate]) < 0);
  if (kind === undefined) return undefined;
  return { kind, moment: random() < 0.5 ? "before" : "after", way: random() };
}

/** Rates as the command line takes them. */
export function ratesText(rates: FaultRates): string {
  return FAULTS.map((kind) => `${kind}=${rates[kind]}`).join(",");
}
