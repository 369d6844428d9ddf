/** Where a run stands: what is ready, in flight, still to be undone, and how it ends. Read off its state; pure. */

import type { RunEnded } from "./run-event.ts";
import type { RunState, StepState, StepStatus } from "./run-state.ts";

/** How the run ends now, with nothing left to do in it; `undefined` while there is. */
export function endOf(state: RunState): RunEnded | undefined {
  switch (state.status) {
    case "running":
      return count(state, wasFinished) === Object.keys(state.steps).length
        ? { type: "run-ended", status: "completed" }
        : undefined;
    case "compensating":
      if (isInFlight(state)) return undefined;
      if (state.uncompensated !== undefined) return { type: "run-ended", status: "compensation-failed" };
      if (nextToCompensate(state) !== undefined) return undefined;
      return { type: "run-ended", status: state.cancelled === undefined ? "failed" : "cancelled" };
    case "compensation-failed":
      return state.resolved === undefined ? undefined : { type: "run-ended", status: "resolved" };
    default:
      return undefined;
  }
}

/** True when the step may start for the first time: nothing went wrong, and what it comes after has finished. */
export function isReady(state: RunState, name: string): boolean {
  if (state.status !== "running") return false;
  const step = stepOf(state, name);
  if (step === undefined || step.status !== "pending") return false;
  for (const needed of step.after) if (state.steps[needed]?.status !== "finished") return false;
  return true;
}

/** The step to be compensated next, perhaps once its time has come; `undefined` when there is none, or something is in flight. */
export function nextToCompensate(state: RunState): string | undefined {
  return isInFlight(state) ? undefined : remainingCompensations(state)[0];
}

/** True while the next compensation waits for its time to be tried again. */
export function isResting(state: RunState): boolean {
  const next = nextToCompensate(state);
  return next !== undefined && statusOf(state, next) === "undo-waiting";
}

/** True while a step or a compensation is started and not over. */
export function isInFlight(state: RunState): boolean {
  return count(state, ({ status }) => status === "started" || status === "compensating") > 0;
}

/**
 * The steps that are still to be compensated, the next one first: those of which nobody knows whether they had effects, as no
 * step can have used them; then those that finished, the last one first.
 */
export function remainingCompensations(state: RunState): readonly string[] {
  if (state.status !== "compensating" || state.uncompensated !== undefined) return [];
  return Object.entries(state.steps)
    .filter(([, step]) => isToBeUndone(step))
    .sort(([, one], [, other]) => rankOf(other) - rankOf(one))
    .map(([name]) => name);
}

/** The name of the point of no return that the run is past, if it is. */
export function pivotPassed({ steps }: RunState): string | undefined {
  for (const name in steps) {
    const { isPivot, status } = steps[name] as StepState;
    if (isPivot === true && status === "finished") return name;
  }
  return undefined;
}

/** A point of no return that a run is past; or may be, where nobody knows whether the step had effects. */
export interface ReachedPivot {
  readonly pivot: string;
  readonly isCertain: boolean;
}

/**
 * The point of no return that keeps the run from being undone, if one does: it has finished, or may have had effects that its
 * agent can't undo.
 */
export function pivotReached(state: RunState): ReachedPivot | undefined {
  const passed = pivotPassed(state);
  if (passed !== undefined) return { pivot: passed, isCertain: true };
  for (const name in state.steps) {
    const { isPivot, status, isUncertain, undoesUnknown } = state.steps[name] as StepState;
    if (isPivot === true && status === "failed" && isUncertain === true && undoesUnknown !== true)
      return { pivot: name, isCertain: false };
  }
  return undefined;
}

/** The point of no return at which undoing the run has stopped, if it has. */
export function stoppedAtPivot(state: RunState): ReachedPivot | undefined {
  const reached = state.uncompensated === undefined ? undefined : pivotReached(state);
  return reached?.pivot === state.uncompensated ? reached : undefined;
}

/** What is known of a step; `undefined` for a name that is no step's. */
export function stepOf(state: RunState, name: string): StepState | undefined {
  return Object.hasOwn(state.steps, name) ? state.steps[name] : undefined;
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

/** How many steps have finished, whether or not they were undone. */
export function finishedCount(state: RunState): number {
  return count(state, wasFinished);
}

function isToBeUndone(step: StepState): boolean {
  const { status, compensable, undoesUnknown, isUncertain } = step;
  if (status === "undo-waiting") return true;
  if (status !== "finished" && status !== "failed") return false;
  return hasNoOutput(step) ? isUncertain === true && undoesUnknown === true : compensable;
}

function rankOf({ order }: StepState): number {
  return order ?? Number.MAX_SAFE_INTEGER;
}

function count({ steps }: RunState, isCounted: (step: StepState) => boolean): number {
  let counted = 0;
  for (const name in steps) if (isCounted(steps[name] as StepState)) counted++;
  return counted;
}

function wasFinished({ order }: StepState): boolean {
  return order !== undefined;
}
