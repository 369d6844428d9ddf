/** Group commit: all work that arrives during a write is written together afterwards, and shares one flush. */

import { deferred, type Deferred } from "../../../async/deferred.ts";

/** Something to write. */
export interface Work {
  /** Does its puts and removes; called when its write begins. */
  readonly fill: () => void;
  /** True when it reads what earlier works have written: a group begins with it. */
  readonly readsEarlier?: boolean;
}

interface Queued {
  readonly work: Work;
  readonly written: Deferred<void>;
}

/** Owns the queue of works and writes one group at a time. What a work writes is its own business. */
export class GroupWriter {
  readonly #write: (fill: () => void) => Promise<void>;
  readonly #onFailure: () => void;
  #queue: Queued[] = [];
  /** Tasks that run between two writes, each with the number of queued works to write before it. */
  #alone: { readonly run: () => Promise<void>; behind: number }[] = [];
  #running: Promise<void> | undefined;

  /**
   * @param write writes what its argument puts, atomically.
   * @param onFailure called when a write failed, before any promise rejects: all queued work has failed with it.
   */
  constructor(write: (fill: () => void) => Promise<void>, onFailure: () => void) {
    this.#write = write;
    this.#onFailure = onFailure;
  }

  /**
   * Resolves when the work is written. If that fails, rejects, together with all work that was added since, as it may
   * build on this.
   */
  add(work: Work): Promise<void> {
    const written = deferred<void>();
    this.#queue.push({ work, written });
    this.#running ??= this.#run();
    return written.promise;
  }

  /** Resolves when nothing is being written or queued; so never, while work keeps arriving. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Runs `alone` between two writes: after all earlier work is written or has failed, and before any later work. */
  exclusively<T>(alone: () => Promise<T>): Promise<T> {
    const result = deferred<T>();
    const run = (): Promise<void> => alone().then(result.resolve, result.reject);
    this.#alone.push({ run, behind: this.#queue.length });
    this.#running ??= this.#run();
    return result.promise;
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // so that work added in the same turn is written together
    while (this.#queue.length > 0 || this.#alone.length > 0) {
      const [next] = this.#alone;
      if (next?.behind === 0) {
        this.#alone.shift();
        await next.run();
      } else await this.#writeGroup(this.#groupSize(next?.behind ?? this.#queue.length));
    }
    this.#running = undefined;
  }

  #groupSize(most: number): number {
    const next = this.#queue.findIndex(({ work }, i) => i > 0 && work.readsEarlier === true);
    return next === -1 ? most : Math.min(next, most);
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
