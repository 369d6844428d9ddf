/**
 * The steps of a run, kept so that the cost of an event doesn't grow with their number: a change copies one segment,
 * and totals are updated with each change instead of counted over all steps.
 */

import type { Mutable } from "../../values/mutable.ts";
import type { EncodedError } from "../../errors/error-codec.ts";
import type { Payload } from "../../contracts/payload-codec.ts";
import { indexOf } from "./outline-index.ts";
import type { StepOutline } from "./run-event.ts";

/**
 * How a step stands. `started` and `compensating` are in flight. `open`: a wait, a pause or a sub-workflow that has begun; `closed`: the run turned
 * back before it was over. `waiting`: the step's attempt failed, and it will be tried again;
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

/** The state of a step. Its fixed properties are in the outline, at the same place. */
export interface StepState {
  readonly name: string;
  readonly status: StepStatus;
  /**
   * How many of the steps in its `after` have not settled; absent for none. A step after one other has no such count:
   * the status of that other step tells it.
   */
  readonly missing?: number;
  /** Present for a sub-workflow that is open: how many of its steps have not settled. */
  readonly left?: number;
  /** Present once it has started; of a wait, the question; of a sub-workflow, its input. */
  readonly input?: Payload;
  /** Present once it has finished, or was skipped and its `otherwise` gave one. A sub-workflow's is that of its last step, see {@link outputAt}. */
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
  /** 1 for the first step of the run that finished, 2 for the second … */
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

/** The steps of a run. A place is the position of a step in the order declared. */
export interface RunSteps {
  /** By place. It never changes, and all versions of the run share it. */
  readonly outline: readonly StepOutline[];
  /** By place: {@link segmentSize} steps in each segment but the last. */
  readonly segments: readonly (readonly StepState[])[];
  /** How many steps have finished, whether or not they were undone. */
  readonly finished: number;
  /** How many steps were skipped; absent for none. */
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

/** The steps in a segment: the most that an event copies. */
export const segmentSize = 64;

/** A step that takes the place of another. */
export type Replacement = readonly [place: number, step: StepState];

/** The steps of a run that starts. */
export function newSteps(outline: readonly StepOutline[]): RunSteps {
  const segments: StepState[][] = [];
  for (const [place, { name, after }] of outline.entries()) {
    if (place % segmentSize === 0) segments.push([]);
    const step: StepState =
      after.length < 2 ? { name, status: "pending" } : { name, status: "pending", missing: after.length };
    segments.at(-1)?.push(step);
  }
  return { outline, segments, finished: 0 };
}

/** The place of a step; `undefined` if there is no step of that name. */
export function placeOf({ outline }: RunSteps, name: string): number | undefined {
  return indexOf(outline).places.get(name);
}

/** The step at a place, which must exist. */
export function stepAt({ segments }: RunSteps, place: number): StepState {
  return segments[Math.floor(place / segmentSize)]?.[place % segmentSize] as StepState;
}

/** The outline of the step at a place, which must exist. */
export function outlineAt({ outline }: RunSteps, place: number): StepOutline {
  return outline[place] as StepOutline;
}

/** All steps, by place. Takes time in proportion to their number, so use it only for what happens once in a run. */
export function allSteps({ segments }: RunSteps): readonly StepState[] {
  return segments.flat();
}

/** The places of the steps that come after the one at a place. */
export function dependentsOf({ outline }: RunSteps, place: number): readonly number[] {
  return indexOf(outline).dependents[place] ?? [];
}

/** The place of the sub-workflow that the step at a place belongs to; `undefined` for a step of the run's workflow. */
export function parentOf({ outline }: RunSteps, place: number): number | undefined {
  return indexOf(outline).parents[place];
}

/** The places of a sub-workflow's steps, in the order declared; or those of the steps of the run's workflow. */
export function membersOf({ outline }: RunSteps, parent: number | undefined): readonly number[] {
  return indexOf(outline).members.get(parent) ?? [];
}

/** True for a step that has an output, which may be `undefined`. */
export function hasOutput(step: StepState, { kind }: StepOutline): boolean {
  return Object.hasOwn(step, "output") || (kind === "workflow" && step.status === "finished");
}

/** The output of the step at a place. That of a sub-workflow is kept once, with its last step. */
export function outputAt(steps: RunSteps, place: number): Payload {
  const step = stepAt(steps, place);
  if (Object.hasOwn(step, "output") || outlineAt(steps, place).kind !== "workflow") return step.output;
  const last = membersOf(steps, place).at(-1);
  return last === undefined || !hasFinished(step) ? undefined : outputAt(steps, last);
}

/** The place of the point of no return, if there is one. */
export function pivotOf({ outline }: RunSteps): number | undefined {
  return indexOf(outline).pivot;
}

/**
 * The steps with each of `replacements` in its place, the counts adjusted, and `undoneFirst` as given: all that one event
 * changes, in one copy.
 *
 * @param replacements each for another place.
 */
export function withSteps(
  steps: RunSteps,
  replacements: readonly Replacement[],
  undoneFirst: number | undefined,
): RunSteps {
  const { outline, undoing } = steps;
  const segments = [...steps.segments];
  let { finished, skipped = 0, open = 0 } = steps;
  let inFlight = 0;
  let unknown = 0;
  let copied = -1;
  let segment: StepState[] = [];
  for (const [place, step] of replacements) {
    const before = stepAt(steps, place);
    finished += one(hasFinished(step)) - one(hasFinished(before));
    skipped += one(step.status === "skipped") - one(before.status === "skipped");
    const about = outlineAt(steps, place);
    if (about.kind !== "workflow") open += one(step.status === "open") - one(before.status === "open");
    if (undoing !== undefined) {
      inFlight += one(isInFlight(step)) - one(isInFlight(before));
      unknown += one(isUnknown(step, about)) - one(isUnknown(before, about));
    }
    const at = Math.floor(place / segmentSize);
    if (at !== copied) {
      // a spread: V8 takes 30 times as long for `slice` of a frozen array
      segments[at] = segment = [...(segments[at] ?? [])];
      copied = at;
    }
    segment[place % segmentSize] = step;
  }
  const next: Mutable<RunSteps> = { outline, segments, finished };
  if (skipped > 0) next.skipped = skipped;
  if (open > 0) next.open = open;
  if (undoneFirst !== undefined) next.undoneFirst = undoneFirst;
  if (undoing !== undefined)
    next.undoing =
      inFlight === 0 && unknown === 0
        ? undoing
        : { inFlight: undoing.inFlight + inFlight, unknown: undoing.unknown + unknown };
  return next;
}

/** The steps of a run that turns backward. Takes time in proportion to their number. */
export function turnedBack(steps: RunSteps): RunSteps {
  return { ...steps, undoing: countUndoing(steps) };
}

/** The counts computed over all steps. */
export function countUndoing(steps: RunSteps): UndoingCounts {
  const all = allSteps(steps);
  return {
    inFlight: all.filter(isInFlight).length,
    unknown: all.filter((step, place) => isUnknown(step, outlineAt(steps, place))).length,
  };
}

/** True for a step without an output that is to be undone: its effects are unknown, and its agent can undo them. */
export function isUnknown(
  { order, status, isUncertain }: StepState,
  { undoesUnknown }: Pick<StepOutline, "undoesUnknown">,
): boolean {
  if (order !== undefined) return false;
  return status === "undo-waiting" || (status === "failed" && isUncertain === true && undoesUnknown === true);
}

/** True for a step that has finished, or was skipped: what comes after it need not wait for it any more. */
export function isSettled(step: StepState): boolean {
  return hasFinished(step) || step.status === "skipped";
}

/** True for a step that was skipped, and nothing stands in for its output. */
export function isAbsent({ status, isGiven }: StepState): boolean {
  return status === "skipped" && isGiven !== true;
}

/** True for a step that has started, or whose compensation has, and not ended. */
export function isInFlight({ status }: StepState): boolean {
  return status === "started" || status === "compensating";
}

function hasFinished({ order }: StepState): boolean {
  return order !== undefined;
}

function one(isCounted: boolean): number {
  return isCounted ? 1 : 0;
}
