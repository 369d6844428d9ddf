/** How many runs are in flight at a time, and which wait for their turn: bounded, both (invariant 7). */

import { TroupeError } from "../errors/troupe-error.ts";
import { RingQueue } from "./ring-queue.ts";

/** What happens to a run that is started while as many as may be are in flight: it waits for its turn, or is refused. */
export type OverloadPolicy = "wait" | "reject";

export interface RunQueueOptions {
  /** How many runs may be in flight. */
  readonly maxRuns: number;
  /** How many may wait. */
  readonly maxWaitingRuns: number;
}

interface Waiting {
  readonly run: string;
  readonly begin: () => void;
}

export class RunQueue {
  readonly #options: RunQueueOptions;
  readonly #inFlight = new Set<string>();
  readonly #queue = new RingQueue<Waiting>();
  readonly #waiting = new Set<string>();
  #idle: { resolve(): void; reject(error: unknown): void }[] = [];

  constructor(options: RunQueueOptions) {
    this.#options = options;
  }

  get counts(): { readonly inFlight: number; readonly waiting: number } {
    return { inFlight: this.#inFlight.size, waiting: this.#waiting.size };
  }

  /** True while the next run would be in flight at once. */
  get hasRoom(): boolean {
    return this.#inFlight.size < this.#options.maxRuns;
  }

  /** Counts a run as in flight. Also beyond the bound, for runs that were accepted before the process started. */
  enter(run: string): void {
    this.#inFlight.add(run);
  }

  /**
   * Calls `begin` when it is the run's turn.
   *
   * @throws TroupeError `overloaded` when no further run may wait.
   */
  wait(run: string, policy: OverloadPolicy, begin: () => void): void {
    const { maxRuns, maxWaitingRuns } = this.#options;
    if (policy === "reject" || this.#waiting.size >= maxWaitingRuns) throw overloaded(run, maxRuns, this.#waiting.size);
    this.#waiting.add(run);
    this.#queue.push({ run, begin });
  }

  /** Takes back a run that waits. Returns false for one that doesn't. */
  withdraw(run: string): boolean {
    return this.#waiting.delete(run);
  }

  /** A run is over: the next that waits begins. */
  leave(run: string): void {
    if (!this.#inFlight.delete(run)) return;
    while (this.hasRoom) {
      const next = this.#queue.shift();
      if (next === undefined) break;
      if (!this.#waiting.delete(next.run)) continue; // taken back while it waited
      this.enter(next.run);
      next.begin();
    }
    if (this.#inFlight.size === 0) for (const { resolve } of this.#idle.splice(0)) resolve();
  }

  /** Resolves when no run is in flight or waiting. */
  idle(): Promise<void> {
    if (this.#inFlight.size === 0 && this.#waiting.size === 0) return Promise.resolve();
    return new Promise((resolve, reject) => this.#idle.push({ resolve, reject }));
  }

  /** Nothing will leave any more. */
  close(error: unknown): void {
    for (const { reject } of this.#idle.splice(0)) reject(error);
  }
}

function overloaded(run: string, inFlight: number, waiting: number): TroupeError {
  const wait = waiting === 0 ? "" : `, and ${waiting} wait`;
  return new TroupeError(
    "overloaded",
    `${inFlight} runs are in flight${wait}: the run ${run} was not started. Start it again later; await what run.started says, so that you are slowed.`,
    { details: { run, inFlight, waiting } },
  );
}
