/** Runs tasks one after another, each to its end. The supervisor has one for each run, which keeps proposals in order. */

import type { MaybePromise } from "./maybe-promise.ts";

/**
 * Runs one task at a time. Without asynchronous tasks no promise is made, so that a proposal over a store in memory costs
 * none.
 */
export class TaskQueue {
  #isBusy = false;
  readonly #waiting: (() => void)[] = [];
  readonly #onIdle: (() => void) | undefined;

  /** @param onIdle called whenever a task has ended and none waits. It must not throw. */
  constructor(onIdle?: () => void) {
    this.#onIdle = onIdle;
  }

  /**
   * Runs `task` once all earlier tasks have ended. If none is in progress, runs it at once and returns or throws what the
   * task does. If the task has to wait, or returns a promise, returns a promise of its result.
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

  /** Settles the promise with its task's result. `resolve(result)` takes two microtasks longer: the next task could settle first. */
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
    if (next !== undefined) return next();
    this.#isBusy = false;
    this.#onIdle?.();
  }
}
