/**
 * The port that decides when work runs. Production runs it soon, on this thread. The simulator picks the next task by
 * its seed, and so explores interleavings.
 */
export interface Turns {
  /** Runs `task` in a later turn, after the code that calls this has returned. `of` names the actor whose turn it is, for observers. */
  schedule(task: () => void, of?: string): void;
  /** Runs `task` at the end of this turn, once its code and the promises it settled have run. */
  atEndOfTurn(task: () => void): void;
  /** Runs `task` later than {@link Turns.atEndOfTurn}: after everything else that is ready now on this thread. */
  atEndOfLoop(task: () => void): void;
}
