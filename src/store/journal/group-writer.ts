/** Group commit: what comes in while a write is under way goes out together with the next one, and shares its flush. */

import { deferred, type Deferred } from "../deferred.ts";

/** Something to write. */
export interface Work {
  /** Puts and removes; called when the write that it goes out with begins. */
  readonly fill: () => void;
}

interface Queued {
  readonly work: Work;
  readonly written: Deferred<void>;
}

export class GroupWriter {
  readonly #write: (fill: () => void) => Promise<void>;
  readonly #onFailure: () => void;
  #queue: Queued[] = [];
  #running: Promise<void> | undefined;

  /**
   * @param write writes what its argument puts, all or nothing.
   * @param onFailure called when a write failed, before anybody is told: all that was queued has failed with it.
   */
  constructor(write: (fill: () => void) => Promise<void>, onFailure: () => void) {
    this.#write = write;
    this.#onFailure = onFailure;
  }

  /** Resolves when it is written. Rejects when it isn't, and so does all that was added since: it may build on it. */
  add(work: Work): Promise<void> {
    const written = deferred<void>();
    this.#queue.push({ work, written });
    this.#running ??= this.#run();
    return written.promise;
  }

  /** Resolves when nothing is being written and nothing waits. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Runs `alone` when all that was added before is written or failed, and nothing is being written. */
  async exclusively<T>(alone: () => Promise<T>): Promise<T> {
    await this.idle();
    const result = alone();
    this.#running = result.then(
      () => this.#next(),
      () => this.#next(),
    );
    return result;
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // so that what is added in the same turn goes out together
    while (this.#queue.length > 0) {
      const group = this.#queue;
      this.#queue = [];
      try {
        await this.#write(() => {
          for (const { work } of group) work.fill();
        });
        for (const { written } of group) written.resolve();
      } catch (error) {
        const lost = [...group, ...this.#queue];
        this.#queue = [];
        this.#onFailure();
        for (const { written } of lost) written.reject(error);
      }
    }
    this.#running = undefined;
  }

  #next(): Promise<void> | void {
    this.#running = undefined;
    if (this.#queue.length > 0) this.#running = this.#run();
  }
}
