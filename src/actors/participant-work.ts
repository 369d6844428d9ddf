/** What a participant works on: steps, compensations and direct calls, so many at a time as its agent allows. */

import type { Cancellation } from "./cancellation.ts";

/** One piece of work. */
export interface Work {
  /** `undefined` for a direct call. */
  readonly run: string | undefined;
  readonly step: string | undefined;
  readonly idempotencyKey: string;
  /** 1 for the first attempt at the step, or at its compensation; a direct call is always the first. */
  readonly attempt: number;
  /** Until when the outcome is waited for, in milliseconds since the epoch; Infinity for no such time. */
  deadline: number;
  /** When the agent's code began, in milliseconds since the epoch; `undefined` while it waits for its turn. */
  began: number | undefined;
  /** How many tokens the agent's code has said that it used. */
  tokens: number;
  /** True for a compensation: cancelling the run doesn't abort what undoes it. */
  readonly isCompensation: boolean;
  /** Aborted when the run is cancelled or the participant stops. */
  readonly cancellation: Cancellation;
}

/** Lets in as many pieces of work as the agent's concurrency allows, first come, first served. */
export class WorkSlots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(concurrency: number) {
    this.#free = concurrency;
  }

  /** Runs `work` when there is a slot for it. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // the slot goes from hand to hand, so that nobody gets in between
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
