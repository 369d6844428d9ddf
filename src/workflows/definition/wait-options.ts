/** The options of waits and pauses besides those of all steps. */

import type * as v from "valibot";
import type { IsCloneable } from "../../values/cloneable.ts";

/**
 * What a wait is answered with, and for how long it is open.
 *
 * @since 0.1.0
 */
export interface WaitOptions<Given, Answer> {
  /** The schema of the answer. `run.tell` takes what it takes; later steps get what it makes of that. */
  readonly answer: v.GenericSchema<Given, Answer> &
    ([IsCloneable<NoInfer<Given>>, IsCloneable<NoInfer<Answer>>] extends [true, true]
      ? unknown
      : "the answer has a part that can't cross to another actor");
  /** Milliseconds after which the wait is given up, from when it opens. Default: never. */
  readonly timeout?: number;
}

/**
 * How long a pause takes: so many milliseconds, or until a time, given as a date or in milliseconds since the epoch. `until` is
 * synchronous and pure; a time that has passed ends the pause at once.
 *
 * @since 0.1.0
 */
export type PauseTime<From> =
  | { readonly ms: number; readonly until?: never }
  | { readonly until: (sources: From) => Date | number; readonly ms?: never };
