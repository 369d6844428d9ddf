/** Runs tasks to completion one after the other, also those that a running task adds. */

/**
 * A queue of synchronous tasks. A task that is added by a running task runs after that one, not within it.
 */
export class ReentrantQueue {
  readonly #later: (() => void)[] = [];
  #isBusy = false;

  /** True while a task runs. */
  get busy(): boolean {
    return this.#isBusy;
  }

  /**
   * Runs `task` before this call returns. Called from within a task, adds `task` to the queue and returns at once. If a task
   * throws, the outermost call throws the same; the tasks that were added by then run first at the next call.
   */
  run(task: () => void): void {
    if (this.#isBusy) {
      this.#later.push(task);
      return;
    }
    this.#isBusy = true;
    try {
      for (let next = this.#firstOf(task); next !== undefined; next = this.#later.shift()) next();
    } finally {
      this.#isBusy = false;
    }
  }

  /** The task to run first: `task`, unless a task that threw has left others before it. */
  #firstOf(task: () => void): (() => void) | undefined {
    if (this.#later.length === 0) return task;
    this.#later.push(task);
    return this.#later.shift();
  }
}
