/** What a run gives to JavaScript's own sources of time and chance. */

import type { TroupeError } from "../../../errors/troupe-error.ts";
import type { SeededRandom } from "../schedules/seeded-random.ts";

export interface SourcesOfRun {
  /** The time of day, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds since the run began. */
  readonly elapsed: () => number;
  readonly random: SeededRandom;
  /** Absent where timers and all that is from outside are the real ones, as the run has a journal from there. */
  readonly timers?: TimersOfRun;
  /** Resolves in a step of its own: code has come to a point of that name. */
  readonly point: (name: string) => Promise<void>;
  /** In which step it is, in words. */
  readonly where: () => string;
  /** Hears of a call of something that the simulation doesn't decide. */
  readonly onUncontrolled: (error: TroupeError) => void;
}

export interface TimersOfRun {
  /** Fires `ms` virtual milliseconds from now; returns what cancels it. */
  after(ms: number, fire: () => void): () => void;
  /** Fires in a later step, in the order of the calls; returns what cancels it. */
  soon(fire: () => void): () => void;
}

/** The run that goes on, while no other code runs. */
export type RunNow = () => SourcesOfRun | undefined;

/** What stands in for a property while simulations go on. */
export interface StandIn {
  readonly holder: object;
  readonly key: string | symbol;
  readonly value: unknown;
  /** Stood in for only as long as it is there. Default: whatever is there. */
  readonly real?: unknown;
}
