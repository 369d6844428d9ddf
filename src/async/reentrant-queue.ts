/** Runs tasks to completion one after the other, also those that a running task adds. */

/**
 * A queue of synchronous tasks. A task that calls {@link ReentrantQueue.run} has its task run after itself, not within.
 */
export class ReentrantQueue {
  readonly #later: (() => void)[] = [];
  #isBusy = false;

  /** True while a task runs. */
  get busy(): boolean {
    return this.#isBusy;
  }

  /**
   * Runs `task` before this returns, or, called from within a task, after those that were added before. What a task throws
   * comes out of the call that began; what was added by then runs first at the next.
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

  /** The task itself, but for what a task that threw has left. */
  #firstOf(task: () => void): (() => void) | undefined {
    if (this.#later.length === 0) return task;
    this.#later.push(task);
    return this.#later.shift();
  }
}
