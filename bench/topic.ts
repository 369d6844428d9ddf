/** What a file of this folder measures. */

import type { Figure } from "../src/bench/figure.ts";

/** A topic: what one file measures, and what it does not. */
export interface Topic {
  readonly name: string;
  readonly about: string;
  /** @param against the folder of another version's checkout, which is built: what can be compared with it is. */
  run(against?: string): Promise<readonly Figure[]>;
}

/** How many times a second `count` things were done since `start` (of `performance.now()`). */
export function perSecond(count: number, start: number): number {
  return (count * 1000) / (performance.now() - start);
}
