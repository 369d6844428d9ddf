/** The clock of the simulated machine: the time of day that its processes read, and that a scenario may set. */

export class MachineClock {
  #ahead = 0;
  readonly #watchers = new Set<(by: number) => void>();

  /** How many milliseconds the time of day is ahead of virtual time. */
  get ahead(): number {
    return this.#ahead;
  }

  /** Sets it forward by so many milliseconds, back by negative ones. */
  jump(by: number): void {
    this.#ahead += by;
    for (const onJump of this.#watchers) onJump(by);
  }

  watch(onJump: (by: number) => void): () => void {
    this.#watchers.add(onJump);
    return () => void this.#watchers.delete(onJump);
  }
}
