/** Bounds the runs in flight, and queues the runs that wait for their turn, in bounded number too (invariant 7). */

import { TroupeError } from "../../errors/troupe-error.ts";

/**
 * What happens to a run that is started while `maxRuns` runs are in flight: it waits for its turn, or is refused.
 *
 * @since 0.1.0
 */
export type OverloadPolicy = "wait" | "reject";

export interface RunQueueOptions {
  /** How many runs may be in flight. */
  readonly maxRuns: number;
  /** How many may wait. */
  readonly maxWaitingRuns: number;
}

/** A run that waits, and what begins it. */
export type Waiting = readonly [run: string, begin: () => void];

/**
 * Guarantees: the runs that wait begin once each, in the order in which they came, unless they are taken back; none of them
 * begins while `maxRuns` runs are in flight.
 */
export class RunQueue {
  readonly #options: RunQueueOptions;
  readonly #inFlight = new Set<string>();
  /** What begins each run that waits, in the order in which they came. */
  readonly #waiting = new Map<string, () => void>();
  /** Iterates over the runs that wait. Kept, since a new iterator would pass over all entries deleted so far to find the first. */
  #next = this.#waiting.entries();
  readonly #others: () => Waiting | undefined;
  /** True when the others come first, where both they and this queue have a run. */
  #isOthersTurn = false;
  #isFilling = false;
  #idle: { resolve(): void; reject(error: unknown): void }[] = [];
  #closed: (() => unknown) | undefined;

  /** @param others gives a recorded run that waits elsewhere, for it to begin now. Such runs take turns with those that wait here. */
  constructor(options: RunQueueOptions, others: () => Waiting | undefined = () => undefined) {
    this.#options = options;
    this.#others = others;
  }

  get counts(): { readonly inFlight: number; readonly waiting: number } {
    return { inFlight: this.#inFlight.size, waiting: this.#waiting.size };
  }

  /** True while the next run would be in flight at once: there is a place, and no run waits for it. */
  get hasRoom(): boolean {
    return this.#inFlight.size < this.#options.maxRuns && this.#waiting.size === 0;
  }

  /** Counts a run as in flight. Also beyond the bound, for runs that were accepted before the process started. */
  enter(run: string): void {
    this.#inFlight.add(run);
  }

  /** @throws TroupeError `overloaded` when no further run may wait. Called first of all, so that a refused run costs next to nothing. */
  checkMayWait(run: string, policy: OverloadPolicy): void {
    const { inFlight, waiting } = this.counts;
    if (policy === "reject" || waiting >= this.#options.maxWaitingRuns) throw overloaded(run, inFlight, waiting);
  }

  /** Calls `begin`, which must not throw, when it is the turn of a run that {@link RunQueue.checkMayWait | may wait}. */
  wait(run: string, begin: () => void): void {
    this.#waiting.set(run, begin);
  }

  /** Takes back a run that waits. Returns false for a run that doesn't wait. */
  withdraw(run: string): boolean {
    return this.#waiting.delete(run);
  }

  /** Takes back all that wait, and returns them in their order. */
  withdrawAll(): readonly string[] {
    const runs = [...this.#waiting.keys()];
    this.#waiting.clear();
    return runs;
  }

  /** A run is over: the next run that waits begins. */
  leave(run: string): void {
    if (!this.#inFlight.delete(run)) return;
    this.fill();
    if (this.#isIdle) for (const { resolve } of this.#idle.splice(0)) resolve();
  }

  /** Resolves when no run is in flight or waiting. Rejects when the queue is closed before. */
  idle(): Promise<void> {
    if (this.#isIdle) return Promise.resolve();
    return new Promise((resolve, reject) => {
      if (this.#closed === undefined) this.#idle.push({ resolve, reject });
      else reject(this.#closed());
    });
  }

  /** Nothing will begin or leave any more. What waits has to be taken back before. */
  close(why: () => unknown): void {
    this.#closed ??= why;
    for (const { reject } of this.#idle.splice(0)) reject(this.#closed());
  }

  get #isIdle(): boolean {
    return this.#inFlight.size === 0 && this.#waiting.size === 0;
  }

  /** Begins what may begin. Call it when others have a run. */
  fill(): void {
    if (this.#isFilling) return; // the loop below has begun a run that was over at once, and goes on by itself
    this.#isFilling = true;
    while (this.#inFlight.size < this.#options.maxRuns) {
      this.#isOthersTurn = !this.#isOthersTurn;
      const next = this.#isOthersTurn ? (this.#others() ?? this.#take()) : (this.#take() ?? this.#others());
      if (next === undefined) break;
      const [run, begin] = next;
      this.enter(run);
      begin();
    }
    this.#isFilling = false;
  }

  #take(): Waiting | undefined {
    const first = this.#first();
    if (first !== undefined) this.#waiting.delete(first[0]);
    return first;
  }

  #first(): Waiting | undefined {
    let next = this.#next.next();
    if (next.done === true && this.#waiting.size > 0) {
      this.#next = this.#waiting.entries();
      next = this.#next.next();
    }
    return next.done === true ? undefined : next.value;
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
