/** One of Savina's programs: Imam and Sarkar, "Savina – An Actor Benchmark Suite", AGERE 2014. */

import type { Placement, System } from "troupe";

export interface Program {
  readonly name: string;
  /** What its work is counted in. */
  readonly unit: string;
  /** How many of these a run takes. */
  readonly work: number;
  /** How many rounds count, where one takes a minute. */
  readonly rounds?: number;
  /** Runs it; throws if its result is wrong. `place` says where its nth actor is. */
  run(system: System, place: (n: number) => Placement): Promise<void>;
}

/** @throws Error if a program came to another result than it has to. */
export function checkResult(program: string, result: number, expected: number): void {
  if (result !== expected) throw new Error(`${program}: ${result} in place of ${expected}`);
}
