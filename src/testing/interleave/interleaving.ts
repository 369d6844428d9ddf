/** What is interleaved: tasks, and what they share. */

import type { Invariants } from "../simulator/invariants.ts";

/**
 * Code that runs at the same time as that of other tasks.
 *
 * @since 0.1.0
 */
export type Task<Shared> = (shared: Shared) => unknown;

/**
 * What {@link interleave} plays.
 *
 * @since 0.1.0
 */
export interface Interleaving<Shared extends object, Tasks extends Readonly<Record<string, Task<Shared>>>> {
  /**
   * Makes what the tasks share, anew for each run: an object of functions, objects and values. A promise that a function of it gives, on whatever
   * level, comes to its caller when the schedule says so. `invariants` state what has to hold.
   */
  shared(invariants: Invariants): Shared | PromiseLike<Shared>;
  /** The tasks by their names. All begin at once. The run fails when one of them throws. */
  readonly tasks: Tasks;
  /** Looks at the end, when all tasks have ended: the run fails when it throws. `results` are what the tasks have returned. */
  check?(
    shared: NoInfer<Shared>,
    results: { readonly [Name in keyof Tasks]: Awaited<ReturnType<Tasks[Name]>> },
  ): unknown;
}

/**
 * Any tasks that share anything, such as those of a race.
 *
 * @since 0.1.0
 */
export interface AnyInterleaving {
  shared(invariants: Invariants): object | PromiseLike<object>;
  readonly tasks: Readonly<Record<string, Task<never>>>;
  check?(shared: never, results: never): unknown;
}
