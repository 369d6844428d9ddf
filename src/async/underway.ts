/** Work that has begun and is not over. */

import type { MaybePromise } from "./maybe-promise.ts";

/** Keeps what is under way, for a caller that has to wait for it. */
export class Underway {
  readonly #work = new Set<Promise<unknown>>();

  get isEmpty(): boolean {
    return this.#work.size === 0;
  }

  /** Begins a piece of work. If it returns a promise, keeps it until the promise has settled. */
  begin<T>(work: () => MaybePromise<T>): MaybePromise<T> {
    const result = work();
    if (result instanceof Promise) this.add(result);
    return result;
  }

  add(work: Promise<unknown>): void {
    const over = (): boolean => this.#work.delete(work);
    this.#work.add(work);
    work.then(over, over);
  }

  /** Resolves when all that is under way now is over, however it ends. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#work);
  }
}
