/** Serial tasks that may take their time: what keeps the proposals of one run in the order in which they arrived. */

import type { MaybePromise } from "./maybe-promise.ts";

/**
 * Runs tasks one after another, each until its promise has settled, and hands their results back. Synchronous as long as the
 * tasks are: with a store in memory a proposal costs no promise. Tasks without a result that never wait are the business of a
 * `ReentrantQueue`.
 */
export class TaskQueue {
  #isBusy = false;
  readonly #waiting: (() => void)[] = [];

  /**
   * Runs `task` when all that were given before are over: now, if none is in progress. Returns or throws what it does, or
   * a promise of that.
   *
   * Guarantees: answers come in the order of the tasks, to the microtask. Of two equal proposals of which one is
   * accepted, whoever asked hears of the acceptance first.
   */
  run<T>(task: () => MaybePromise<T>): MaybePromise<T> {
    if (this.#isBusy)
      return new Promise((resolve, reject) => this.#waiting.push(() => this.#settle(task, resolve, reject)));
    this.#isBusy = true;
    let result: MaybePromise<T>;
    try {
      result = task();
    } catch (error) {
      this.#end();
      throw error;
    }
    if (result instanceof Promise) return new Promise((resolve, reject) => this.#follow(result, resolve, reject));
    this.#end();
    return result;
  }

  #settle<T>(task: () => MaybePromise<T>, resolve: (value: T) => void, reject: (error: unknown) => void): void {
    let result: MaybePromise<T>;
    try {
      result = task();
    } catch (error) {
      reject(error);
      return this.#end();
    }
    if (result instanceof Promise) return this.#follow(result, resolve, reject);
    resolve(result);
    this.#end();
  }

  /** Not `resolve(result)`: that takes two microtasks longer, in which the next task could answer. */
  #follow<T>(result: Promise<T>, resolve: (value: T) => void, reject: (error: unknown) => void): void {
    result.then(
      (value) => {
        resolve(value);
        this.#end();
      },
      (error: unknown) => {
        reject(error);
        this.#end();
      },
    );
  }

  #end(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#isBusy = false;
    else next();
  }
}
