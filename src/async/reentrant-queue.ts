/** Runs tasks to completion one after the other, also those that a task adds. */

export class ReentrantQueue {
  readonly #later: (() => void)[] = [];
  #busy = false;

  /** True while a task runs. */
  get busy(): boolean {
    return this.#busy;
  }

  /** Runs `task` before this returns, or, called from within a task, after those that were added before. */
  run(task: () => void): void {
    if (this.#busy) {
      this.#later.push(task);
      return;
    }
    this.#busy = true;
    try {
      for (let next: (() => void) | undefined = task; next !== undefined; next = this.#later.shift()) next();
    } finally {
      this.#busy = false;
    }
  }
}
