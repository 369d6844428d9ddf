/** The port for time. Production gives it the machine's clock, the simulator a virtual one. */

/** A pending timer. */
export interface Timer {
  /** Does nothing if the timer fired already. */
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since the epoch, with fractions where the platform has them. Never goes back. */
  now(): number;
  /** Calls `fire` once, at the earliest `ms` milliseconds from now. A pending timer does not keep the process alive. */
  setTimer(ms: number, fire: () => void): Timer;
}
