/** Group commit: what comes in while a write is under way goes out together with the next one, and shares its flush. */

import { deferred, type Deferred } from "../../../async/deferred.ts";

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
  /** What is to run between two writes, and after how many of those that are queued. */
  #alone: { readonly run: () => Promise<void>; behind: number }[] = [];
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

  /** Resolves when nothing is being written and nothing waits: never, while more keeps coming. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Runs `alone` between two writes: when all that was added before is written or failed, and before what is added later. */
  exclusively<T>(alone: () => Promise<T>): Promise<T> {
    const result = deferred<T>();
    const run = (): Promise<void> => alone().then(result.resolve, result.reject);
    this.#alone.push({ run, behind: this.#queue.length });
    this.#running ??= this.#run();
    return result.promise;
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // so that what is added in the same turn goes out together
    while (this.#queue.length > 0 || this.#alone.length > 0) {
      const [next] = this.#alone;
      if (next?.behind === 0) {
        this.#alone.shift();
        await next.run();
      } else await this.#writeGroup(next?.behind ?? this.#queue.length);
    }
    this.#running = undefined;
  }

  async #writeGroup(size: number): Promise<void> {
    const group = this.#queue.splice(0, size);
    for (const waiting of this.#alone) waiting.behind -= size;
    try {
      await this.#write(() => {
        for (const { work } of group) work.fill();
      });
      for (const { written } of group) written.resolve();
    } catch (error) {
      const lost = [...group, ...this.#queue];
      this.#queue = [];
      for (const waiting of this.#alone) waiting.behind = 0;
      this.#onFailure();
      for (const { written } of lost) written.reject(error);
    }
  }
}
