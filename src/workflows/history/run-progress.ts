/**
 * A run's progress, read off its state: what is ready, in flight and still to be undone, and how the run ends. Pure.
 */

import { givenUpBy } from "./given-up.ts";
import type { RunEnded, RunEvent, StepFailed, StepFinished } from "./run-event.ts";
import type { StepOutline } from "../steps/step-outline.ts";
import { gatheredAt } from "./run-outputs.ts";
import { isHeldBack, type RunState } from "./run-state.ts";
import { beforesOf, neededBy, outlineAt, parentOf, pivotOf, placeOf, stepAt } from "../steps/run-places.ts";
import { placedSteps } from "../steps/run-steps.ts";
import { isAbsent, isSettled, type StepState, type StepStatus, unknownError } from "../steps/step-state.ts";

/**
 * What ends at once by `event`, after which the run is in `state`: the sub-workflow or the each of which nothing is left, an item that is given up
 * and of which nothing is in flight any more, or the run itself, if nothing is left to do in it. No code of the workflow takes part in it.
 */
export function closeOf(state: RunState, event: RunEvent): StepFinished | StepFailed | RunEnded | undefined {
  const { status, steps } = state;
  if (status === "running" && "step" in event && event.step !== undefined) {
    const place = placeOf(steps, event.step);
    // an each without items is done as it begins
    for (const at of place === undefined ? [] : [place, parentOf(steps, place)])
      if (at !== undefined && isDone(stepAt(steps, at)))
        return { type: "step-finished", step: stepAt(steps, at).name, output: gatheredAt(steps, at) };
  }
  const given = status === "running" ? givenUpBy(steps, event) : undefined;
  if (given === undefined) return endOf(state);
  const { name: step, error = unknownError } = given;
  return { type: "step-failed", step, error, epoch: state.epoch };
}

/** True for a sub-workflow or an each that has begun, and all of it has settled. */
export function isDone({ status, left }: StepState): boolean {
  return status === "open" && left === 0;
}

/** The run's end if nothing is left to do in it, otherwise `undefined`. */
export function endOf(state: RunState): RunEnded | undefined {
  switch (state.status) {
    case "running":
      return state.steps.finished + (state.steps.skipped ?? 0) === state.steps.outline.length
        ? { type: "run-ended", status: "completed" }
        : undefined;
    case "compensating":
      if (awaitsSteps(state)) return undefined;
      if (state.uncompensated !== undefined) return { type: "run-ended", status: "compensation-failed" };
      if (nextToCompensate(state) !== undefined) return undefined;
      return { type: "run-ended", status: backwardEnd(state) };
    case "compensation-failed":
      return state.resolved === undefined ? undefined : { type: "run-ended", status: "resolved" };
    default:
      return undefined;
  }
}

/** How a run ends that has gone backward to its beginning. */
function backwardEnd({ cancelled, undone }: RunState): RunEnded["status"] {
  if (undone !== undefined) return "undone";
  return cancelled === undefined ? "failed" : "cancelled";
}

/**
 * True when it may be decided whether the step starts: the run has begun, nothing went wrong, the sub-workflow that it belongs to has begun, and the steps that it
 * comes after have settled.
 */
export function isReady(state: RunState, name: string): boolean {
  if (state.status !== "running" || isHeldBack(state)) return false;
  const place = placeOf(state.steps, name);
  if (place === undefined) return false;
  const { status, missing } = stepAt(state.steps, place);
  if (status !== "pending" || missing !== undefined) return false;
  const parent = parentOf(state.steps, place);
  if (parent !== undefined && stepAt(state.steps, parent).status !== "open") return false;
  const [only, second] = beforesOf(state.steps, place);
  return only === undefined || second !== undefined || isSettled(stepAt(state.steps, only));
}

/** True for a step that can't be done, as one that it needs was skipped and has no output. */
export function isWithout({ steps }: RunState, name: string): boolean {
  const place = placeOf(steps, name);
  return place !== undefined && neededBy(steps, place).some((needed) => isAbsent(stepAt(steps, needed)));
}

/** True for a step of which its definition, or what it needs, says that it may be skipped. */
export function mayBeSkipped(state: RunState, name: string): boolean {
  const place = placeOf(state.steps, name);
  if (place === undefined) return false;
  return outlineAt(state.steps, place).isConditional === true || isWithout(state, name);
}

/**
 * The step to be compensated next, although its time may not have come yet; `undefined` when there is no such step, or
 * something is in flight.
 */
export function nextToCompensate(state: RunState): string | undefined {
  const { steps } = state;
  if (awaitsSteps(state) || !isBeingUndone(state)) return undefined;
  if ((steps.undoing?.unknown ?? 0) > 0) return remainingCompensations(state)[0];
  return steps.undoneFirst === undefined ? undefined : stepAt(steps, steps.undoneFirst).name;
}

/** True while the next compensation waits for its time to be tried again. */
export function isResting(state: RunState): boolean {
  const next = nextToCompensate(state);
  return next !== undefined && statusOf(state, next) === "undo-waiting";
}

/** True for a run that goes backward and waits for a step or a compensation that has started and not ended. */
export function awaitsSteps({ steps }: RunState): boolean {
  return steps.undoing !== undefined && steps.undoing.inFlight > 0;
}

/**
 * The steps still to be compensated, the next one first. First come the steps whose effects are unknown, as no other step
 * can have used their output; then the finished steps, the last finished first.
 */
export function remainingCompensations(state: RunState): readonly string[] {
  if (!isBeingUndone(state)) return [];
  return placedSteps(state.steps)
    .filter(({ step, about }) => isToBeUndone(step, about))
    .sort((one, other) => rankOf(other.step) - rankOf(one.step))
    .map(({ step }) => step.name);
}

/** True while the run goes backward, and neither a failed compensation nor the point of no return has stopped it. */
function isBeingUndone({ status, uncompensated }: RunState): boolean {
  return status === "compensating" && uncompensated === undefined;
}

/** The name of the point of no return, if the run is past it. */
export function pivotPassed({ steps }: RunState): string | undefined {
  const place = pivotOf(steps);
  if (place === undefined) return undefined;
  const { name, status, isInherited } = stepAt(steps, place);
  return status === "finished" && isInherited !== true ? name : undefined;
}

/** A run's deadline, whatever it is counted by; Infinity past the point of no return, as the run then goes on however late it is. */
export function deadlineInForce(state: RunState, deadline: number | undefined): number {
  if (state.status !== "running" || pivotPassed(state) !== undefined) return Number.POSITIVE_INFINITY;
  return deadline ?? Number.POSITIVE_INFINITY;
}

/** A point of no return that a run is past, or may be past if the step's effects are unknown. */
export interface ReachedPivot {
  readonly pivot: string;
  readonly isCertain: boolean;
}

/**
 * The point of no return, if it keeps the run from being undone: it has finished, or may have had effects that its agent
 * can't undo.
 */
export function pivotReached({ steps }: RunState): ReachedPivot | undefined {
  const place = pivotOf(steps);
  if (place === undefined) return undefined;
  const { name: pivot, status, isUncertain, isInherited } = stepAt(steps, place);
  if (status === "finished" && isInherited !== true) return { pivot, isCertain: true };
  const { undoesUnknown } = outlineAt(steps, place);
  return status === "failed" && isUncertain === true && undoesUnknown !== true
    ? { pivot, isCertain: false }
    : undefined;
}

/** The point of no return at which undoing the run has stopped, if it has. */
export function stoppedAtPivot(state: RunState): ReachedPivot | undefined {
  const reached = state.uncompensated === undefined ? undefined : pivotReached(state);
  return reached?.pivot === state.uncompensated ? reached : undefined;
}

/** The step of that name; `undefined` if there is none. */
export function stepOf({ steps }: RunState, name: string): StepState | undefined {
  const place = placeOf(steps, name);
  return place === undefined ? undefined : stepAt(steps, place);
}

export function statusOf(state: RunState, name: string): StepStatus | undefined {
  return stepOf(state, name)?.status;
}

/** The number of an attempt: events and steps leave it out for the first. */
export function attemptOf({ attempt }: { readonly attempt?: number } = {}): number {
  return attempt ?? 1;
}

/** True for a step whose agent gave no output: it never finished, or its fallback stood in. */
export function hasNoOutput({ order, isFallback }: StepState): boolean {
  return order === undefined || isFallback === true;
}

/** True for a step that is still to be compensated, should the run go backward. */
export function isToBeUndone(step: StepState, about: StepOutline): boolean {
  const { status, isUncertain, isInherited } = step;
  if (isInherited === true) return false;
  if (status === "undo-waiting") return true;
  if (status !== "finished" && status !== "failed") return false;
  return hasNoOutput(step) ? isUncertain === true && about.undoesUnknown === true : about.compensable;
}

/** One that was begun comes first, also where the order of the steps has changed since. */
function rankOf({ order, status }: StepState): number {
  return order ?? (status === "undo-waiting" ? Number.POSITIVE_INFINITY : Number.MAX_SAFE_INTEGER);
}
