/** The port for time. Production gives it the machine's clocks, the simulator a virtual one. */

/** A pending timer. */
export interface Timer {
  /** Does nothing if the timer fired already. */
  cancel(): void;
}

export interface Clock {
  /**
   * Milliseconds, with fractions where the platform has them, by which durations are measured and deadlines are told:
   * the same on every thread of a system. It began as the time of day, never goes back, and doesn't jump when the
   * machine's clock is set.
   */
  now(): number;
  /**
   * How many milliseconds the time of day is ahead of {@link Clock.now}: 0 until the machine's clock is set, negative
   * when it was set back.
   */
  jumped(): number;
  /**
   * Calls `fire` once, at the earliest `ms` milliseconds from now, however many those are. A pending timer does not keep
   * the process alive.
   */
  setTimer(ms: number, fire: () => void): Timer;
}

/** A clock that tells when the time of day jumps. */
export interface WatchedClock extends Clock {
  /**
   * Calls `onJump` each time the time of day has jumped, within a second. `by` is how many milliseconds it went forward,
   * negative when it went back. Returns a function that ends this.
   */
  watch(onJump: (by: number) => void): () => void;
}
