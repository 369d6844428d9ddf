/** What a participant works on: steps, compensations and direct calls, so many at a time as its agent allows. */

import type { AskScope } from "./ask-scope.ts";
import type { Cancellation } from "./cancellation.ts";

/** One piece of work. */
export interface Work extends AskScope {
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
  /** Aborted when the run is cancelled, the caller gives up or the participant stops. */
  readonly cancellation: Cancellation;
  /** True once it has ended. */
  isOver: boolean;
}

/** Lets in as many pieces of work as the agent's concurrency allows, first come, first served. */
export class WorkSlots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(concurrency: number) {
    this.#free = concurrency;
  }

  /**
   * Runs `work` when there is a slot for it.
   *
   * @throws the cancellation's reason (as a rejection) if that aborts before; `work` is not run then.
   */
  async run<T>(cancellation: Cancellation, work: () => Promise<T>): Promise<T> {
    cancellation.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#turn(cancellation);
    try {
      return await work();
    } finally {
      const [next] = this.#waiting;
      // the slot goes from hand to hand, so that nobody gets in between
      if (next === undefined) this.#free++;
      else next();
    }
  }

  #turn(cancellation: Cancellation): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        this.#waiting.delete(begin);
        cancellation.remove(leaving);
        resolve();
      };
      const leaving = {
        abort: (error: unknown): void => {
          this.#waiting.delete(begin);
          reject(error);
        },
      };
      this.#waiting.add(begin);
      cancellation.add(leaving);
    });
  }
}
