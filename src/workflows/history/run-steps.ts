/**
 * The steps of a run, kept so that the cost of an event doesn't grow with their number: a change copies one segment,
 * and totals are updated with each change instead of counted over all steps.
 */

import type { EncodedError } from "../../errors/error-codec.ts";
import type { Payload } from "../../contracts/payload-codec.ts";
import type { StepOutline } from "./run-event.ts";

/**
 * `started` and `compensating` are in flight. `waiting`: the step's attempt failed, and it will be tried again;
 * `undo-waiting`: the same for its compensation. A step that failed or never started has nothing to compensate, unless
 * it is unknown whether it had effects.
 */
export type StepStatus =
  | "pending"
  | "started"
  | "waiting"
  | "finished"
  | "failed"
  | "compensating"
  | "undo-waiting"
  | "compensated"
  | "compensation-failed";

/** The state of a step. Its fixed properties are in the outline, at the same place. */
export interface StepState {
  readonly name: string;
  readonly status: StepStatus;
  /** How many of the steps in its `after` have not finished; absent for none. */
  readonly missing?: number;
  /** Present once it has started. */
  readonly input?: Payload;
  /** Present once it has finished. */
  readonly output?: Payload;
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
}

/** How many steps there are of each kind. The numbers always equal a count over all steps. */
export interface StepCounts {
  readonly started: number;
  readonly compensating: number;
  /** Steps that have finished, whether or not they were undone. */
  readonly finished: number;
  /** Steps without an output whose effects are unknown: they are undone should the run go backward. */
  readonly unknown: number;
}

/** The steps of a run. A place is the position of a step in the order declared. */
export interface RunSteps extends StepCounts {
  /** By place. It never changes, and all versions of the run share it. */
  readonly outline: readonly StepOutline[];
  /** By place: {@link segmentSize} steps in each segment but the last. */
  readonly segments: readonly (readonly StepState[])[];
  /** The place of the finished step that is undone first, should the run go backward; absent for none. */
  readonly undoneFirst?: number;
}

/** The steps in a segment: the most that an event copies. */
export const segmentSize = 64;

/** An index computed from an outline alone. */
interface Index {
  readonly places: ReadonlyMap<string, number>;
  /** By place: the places of the steps that come after it. */
  readonly dependents: readonly (readonly number[])[];
  /** The place of the point of no return. */
  readonly pivot: number | undefined;
}

/** Keyed by the outline, which all versions of a run, and all runs of a plan, share: so each index is computed once. */
const indexes = new WeakMap<readonly StepOutline[], Index>();

/** The steps of a run that starts. */
export function newSteps(outline: readonly StepOutline[]): RunSteps {
  const segments: StepState[][] = [];
  for (const [place, { name, after }] of outline.entries()) {
    if (place % segmentSize === 0) segments.push([]);
    const step: StepState =
      after.length === 0 ? { name, status: "pending" } : { name, status: "pending", missing: after.length };
    segments.at(-1)?.push(step);
  }
  return { outline, segments, started: 0, compensating: 0, finished: 0, unknown: 0 };
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

/** The place of the point of no return, if there is one. */
export function pivotOf({ outline }: RunSteps): number | undefined {
  return indexOf(outline).pivot;
}

/** The steps with the one at `place` replaced, and the counts adjusted. */
export function withStep(steps: RunSteps, place: number, step: StepState): RunSteps {
  const { outline, undoneFirst } = steps;
  const before = stepAt(steps, place);
  const about = outlineAt(steps, place);
  const at = Math.floor(place / segmentSize);
  // a spread: V8 takes 30 times as long for `slice` of a frozen array
  const segment = [...(steps.segments[at] ?? [])];
  segment[place % segmentSize] = step;
  const segments = [...steps.segments];
  segments[at] = segment;
  const started = steps.started + one(isStarted(step)) - one(isStarted(before));
  const compensating = steps.compensating + one(isCompensating(step)) - one(isCompensating(before));
  const finished = steps.finished + one(hasFinished(step)) - one(hasFinished(before));
  const unknown = steps.unknown + one(isUnknown(step, about)) - one(isUnknown(before, about));
  const next = { outline, segments, started, compensating, finished, unknown };
  return undoneFirst === undefined ? next : { ...next, undoneFirst };
}

/** The steps with another place in `undoneFirst`. */
export function withUndoneFirst(steps: RunSteps, undoneFirst: number | undefined): RunSteps {
  const { outline, segments, started, compensating, finished, unknown } = steps;
  const next = { outline, segments, started, compensating, finished, unknown };
  return undoneFirst === undefined ? next : { ...next, undoneFirst };
}

/** The counts computed over all steps, for comparison. */
export function recount(steps: RunSteps): StepCounts {
  const all = allSteps(steps);
  return {
    started: all.filter(isStarted).length,
    compensating: all.filter(isCompensating).length,
    finished: all.filter(hasFinished).length,
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

function isStarted({ status }: StepState): boolean {
  return status === "started";
}

function isCompensating({ status }: StepState): boolean {
  return status === "compensating";
}

function hasFinished({ order }: StepState): boolean {
  return order !== undefined;
}

function one(isCounted: boolean): number {
  return isCounted ? 1 : 0;
}

function indexOf(outline: readonly StepOutline[]): Index {
  let index = indexes.get(outline);
  if (index === undefined) indexes.set(outline, (index = newIndex(outline)));
  return index;
}

function newIndex(outline: readonly StepOutline[]): Index {
  const places = new Map(outline.map(({ name }, place) => [name, place]));
  const dependents: number[][] = outline.map(() => []);
  for (const [place, { after }] of outline.entries()) {
    for (const needed of after) dependents[places.get(needed) ?? -1]?.push(place);
  }
  const pivot = outline.findIndex(({ isPivot }) => isPivot === true);
  return { places, dependents, pivot: pivot === -1 ? undefined : pivot };
}
