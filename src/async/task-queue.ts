/**
 * Runs tasks one after another, each to its end. It keeps the proposals of one run in the order in which they arrived.
 */

import type { MaybePromise } from "./maybe-promise.ts";

/**
 * A queue of tasks that runs one at a time. Stays synchronous while the tasks do, so that a proposal over a store in
 * memory costs no promise.
 */
export class TaskQueue {
  #isBusy = false;
  readonly #waiting: (() => void)[] = [];

  /**
   * Runs `task` after all earlier tasks have ended: at once, if none is in progress. Returns or throws what the task
   * does, or returns a promise of it.
   *
   * Guarantees: results settle in the order of the tasks, to the microtask. When one of two equal proposals is accepted
   * and the other refused, the acceptance settles first.
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

  /** Not `resolve(result)`: that takes two microtasks longer, and the next task could settle before it. */
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
