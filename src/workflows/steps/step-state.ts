/** The state of a step, and of all steps of a run. */

import type { EncodedError } from "../../errors/error-codec.ts";
import type { Payload } from "../../contracts/payload-codec.ts";
import type { ItemsOf, StepOutline } from "./step-outline.ts";

/**
 * How a step stands. `started` and `compensating` are in flight. `open`: a wait, a pause, a sub-workflow, an each or a loop that has begun; `closed`: the run turned
 * back before it was over, or the item that it is in, or is, has failed. `waiting`: the step's attempt failed, and it will be tried again;
 * `undo-waiting`: the same for its compensation. A step that failed or never started has nothing to compensate, unless
 * it is unknown whether it had effects.
 *
 * @since 0.1.0
 */
export type StepStatus =
  | "pending"
  | "started"
  | "open"
  | "closed"
  | "waiting"
  | "finished"
  | "skipped"
  | "failed"
  | "compensating"
  | "undo-waiting"
  | "compensated"
  | "compensation-failed";

/** What a wait or a pause has besides other steps. */
export interface WaitState {
  /** When it began, in milliseconds since the epoch; absent before. */
  readonly since?: number;
  /** When the pause is over, or the wait given up, in milliseconds since the epoch; absent for never. */
  readonly until?: number;
  /** Present once it was answered: by whom, and under which idempotency key. */
  readonly told?: { readonly by?: string; readonly key?: string };
  /** The answer, from when it was told until the step finishes with it. */
  readonly answer?: Payload;
}

/** How far an each has come with its list. */
export interface ListState {
  readonly items: ItemsOf;
  /** The place of its first item; the others follow, each with the steps that are in it. An item is there once it has started. */
  readonly from: number;
  /** The index of the item that starts next: so many have started. */
  readonly next: number;
  /** How many items have failed for good and are tolerated; absent for none. */
  readonly failed?: number;
}

/** How far a loop has come with its rounds. */
export interface LoopState {
  /** How many have started: the number of the newest. */
  readonly round: number;
  /** The place of that one; absent before there is one. */
  readonly at?: number;
  /** The first of two places, each with those of the steps in a round, which rounds that can't be undone take in turns: so two of these are there at most. */
  readonly from: number;
  /** How many have started that can be undone, all of which are kept; absent for none. */
  readonly kept?: number;
  /** The places of the first of them, and of each {@link segmentSize} further ones; the others follow, each with the steps that are in it. */
  readonly keptFrom?: readonly number[];
}

/** What a loop was told. */
export interface InboxState {
  /** How many messages there were. */
  readonly told: number;
  /** How many of them rounds have read. */
  readonly read: number;
  /** The newest of them: from the first that the newest round has read. */
  readonly messages: readonly Payload[];
  /** How many were told under an idempotency key, and the newest of these keys. */
  readonly keyed?: number;
  readonly keys?: readonly string[];
}

/** The state of a step. Its fixed properties are in the outline, at the same place. */
export interface StepState {
  readonly name: string;
  readonly status: StepStatus;
  /**
   * How many of the steps in its `after` have not settled; absent for none. A step after one other has no such count:
   * the status of that other step tells it.
   */
  readonly missing?: number;
  /** Present for a sub-workflow, an item that is one, or an each that has begun: how many of its steps or items have not settled. */
  readonly left?: number;
  /** Present for an each that has begun. */
  readonly list?: ListState;
  /** Present for a loop that has begun. */
  readonly loop?: LoopState;
  /** Present for a loop that was told something. */
  readonly inbox?: InboxState;
  /** Present for a round: the name in its loop of the agent that does it. */
  readonly who?: string;
  /** Present once it has started; of a wait, the question; of a sub-workflow, its input. */
  readonly input?: Payload;
  /** Present once it has finished, or was skipped and its `otherwise` gave one. Those of sub-workflows, eaches and loops are gathered, see `run-outputs.ts`. */
  readonly output?: Payload;
  /** Present for a skipped step that has an output, which may be `undefined`. */
  readonly isGiven?: true;
  /** Why it failed. */
  readonly error?: EncodedError;
  /**
   * Why its compensation failed. Kept apart from `error`, since a failed step that may have had effects is compensated
   * too.
   */
  readonly undoError?: EncodedError;
  /** Present once it has finished; the later, the higher: the number of the run's event that says so. */
  readonly order?: number;
  /** The newest attempt at the step, or at its compensation once that has begun; absent for the first. */
  readonly attempt?: number;
  /**
   * How many attempts failed, of the step or of its compensation; absent for none. Attempts that ended with their
   * process don't count.
   */
  readonly failures?: number;
  /** When it is tried again, in milliseconds since the epoch; present while it waits for that. */
  readonly retryAt?: number;
  /** Present when a failed attempt's effects are unknown. */
  readonly isUncertain?: true;
  /** Present when another run had finished it, of which this one is a fork: it is not undone here. */
  readonly isInherited?: true;
  /** Present when the output is the step's fallback and not its agent's; the error says why. */
  readonly isFallback?: true;
  /**
   * Present once it has finished and can be undone: the place of the step that is undone after it; absent for the last
   * one.
   */
  readonly undoneBefore?: number;
  /** Present for a wait or a pause that has begun, or was answered. */
  readonly wait?: WaitState;
}

/** The steps of a run. A place is the position of a step in the order declared; items of eaches and rounds of loops have places behind all steps, each followed by the steps that are in it. */
export interface RunSteps {
  /** By place. It never changes, and all versions of the run share it. */
  readonly outline: readonly StepOutline[];
  /** By place: {@link segmentSize} steps in each segment but the last. */
  readonly segments: readonly (readonly StepState[])[];
  /** Whose items or rounds are behind the steps: those of the each or the loop at `place` from a place on, up to the next one here; {@link unowned} where there are none any more. */
  readonly extents?: readonly { readonly place: number; readonly from: number }[];
  /** How many steps have finished, whether or not they were undone. Items and rounds don't count, nor what is in them. */
  readonly finished: number;
  /** How many steps were skipped, of those that count; absent for none. */
  readonly skipped?: number;
  /** How many waits and pauses have begun and are not over; absent for none. */
  readonly open?: number;
  /** The place of the finished step that is undone first, should the run go backward; absent for none. */
  readonly undoneFirst?: number;
  /** Present once the run has turned backward: only then it matters. */
  readonly undoing?: UndoingCounts;
}

/** How many steps the way backward waits for. The numbers always equal a count over all steps. */
export interface UndoingCounts {
  /** Steps and compensations that have started and not ended. */
  readonly inFlight: number;
  /** Steps without an output whose effects are unknown, so that they are undone. */
  readonly unknown: number;
}

/** Stands for an error that a history doesn't have. */
export const unknownError = { kind: "value", name: "undefined", message: "the history has no error for it" } as const;

/** Stands for the owner of places that are free. */
export const unowned = -1;

/** The steps in a segment: the most that an event copies. */
export const segmentSize = 64;

/** A step that has not begun. */
export function pendingStep(name: string, { after }: StepOutline): StepState {
  return after.length < 2 ? { name, status: "pending" } : { name, status: "pending", missing: after.length };
}

/** True for a step that has finished, or was skipped: what comes after it need not wait for it any more. */
export function isSettled(step: StepState): boolean {
  return hasFinished(step) || step.status === "skipped";
}

/** True for a step that was skipped, and nothing stands in for its output. */
export function isAbsent({ status, isGiven }: StepState): boolean {
  return status === "skipped" && isGiven !== true;
}

/** True for a step that has finished, whether or not it was undone. */
export function hasFinished({ order }: StepState): boolean {
  return order !== undefined;
}

/** True for a step that has started, or whose compensation has, and not ended. */
export function isInFlight({ status }: StepState): boolean {
  return status === "started" || status === "compensating";
}
