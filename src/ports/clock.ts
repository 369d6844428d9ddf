/** The port for time. Production gives it the machine's clock, the simulator a virtual one. */

/** A timer that was set. */
export interface Timer {
  /** Does nothing if the timer fired already. */
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since the epoch, with fractions where the platform has them. Never goes back. */
  now(): number;
  /** Calls `fire` once, `ms` milliseconds from now at the earliest. A pending timer does not keep a process alive. */
  setTimer(ms: number, fire: () => void): Timer;
}
