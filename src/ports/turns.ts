/**
 * The port that decides when work runs. Production runs it soon, on this thread; the simulator picks the next one by its
 * seed, which is how it explores interleavings.
 */
export interface Turns {
  /** Runs `task` in a later turn, after the code that calls this has returned. */
  schedule(task: () => void): void;
  /** Runs `task` at the end of this turn, once its code and the promises it settled have run. */
  atEndOfTurn(task: () => void): void;
  /** Runs `task` later than that: once whatever else is ready now on this thread has had its turn. */
  atEndOfLoop(task: () => void): void;
}
