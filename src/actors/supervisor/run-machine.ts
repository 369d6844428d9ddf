/**
 * The rules of a run: which events its history accepts, and what they make of it. Anybody may propose any event any number
 * of times, under any coordination; because of these rules a step starts once, ends once and is compensated once
 * (invariants 5 and 10). After Garcia-Molina and Salem, "Sagas" (SIGMOD 1987).
 *
 * A run that failed or was cancelled starts no further step. Steps in flight may still finish or fail. Then finished
 * steps that can be undone are, one at a time, the one that finished last first: never before a step that used its output.
 */

import type { RunEnded, RunEvent, RunNote, StepOutline } from "./run-event.ts";
import { noteOf } from "./run-note.ts";
import { isOpen, type RunState, type StepState, type StepStatus } from "./run-state.ts";

/** True when `event` may be the next one of the run. */
export function admits(state: RunState, event: RunEvent): boolean {
  switch (event.type) {
    case "run-started":
      return state.status === "new";
    case "step-started":
      return isReady(state, event.step);
    case "step-finished":
      return statusOf(state, event.step) === "started";
    case "step-failed":
      if (event.epoch === undefined) return statusOf(state, event.step) === "started";
      // whoever decides in a later epoch finds out for itself
      return state.status === "running" && statusOf(state, event.step) === "pending" && event.epoch === state.epoch;
    case "compensation-started":
      return nextToCompensate(state) === event.step;
    case "compensation-finished":
      return statusOf(state, event.step) === "compensating";
    case "compensation-failed":
      if (event.epoch === undefined) return statusOf(state, event.step) === "compensating";
      return nextToCompensate(state) === event.step && event.epoch === state.epoch;
    case "cancel-requested":
      return state.status === "running";
    case "coordination-switched":
      return isOpen(state) && !state.pinned && event.epoch > state.epoch;
    case "run-ended":
      return endOf(state)?.status === event.status;
  }
}

/**
 * The run after `event`, which it must {@link admits | admit}.
 *
 * @param events the notes of what is part of the same version and came before.
 */
export function apply(state: RunState, event: RunEvent, events: readonly RunNote[] = state.events): RunState {
  const next = copyOf(state);
  next.length = state.length + 1;
  next.events = events.length === 0 ? [noteOf(event)] : [...events, noteOf(event)]; // a spread of nothing leaves room for 17
  change(next, event);
  return next;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Field by field, as copies of steps are: this is on the path of every event, and V8 makes a hidden class for each copy of a
 * frozen copy that is made by spreading, which took two thirds of the memory of a run (`bench/credit.ts`).
 */
function copyOf(state: RunState): Mutable<RunState> {
  const { status, workflow, input, coordination, pinned, epoch, steps, length, events } = state;
  const copy: Mutable<RunState> = { status, workflow, input, coordination, pinned, epoch, steps, length, events };
  if (state.failed !== undefined) copy.failed = state.failed;
  if (state.cancelled !== undefined) copy.cancelled = state.cancelled;
  if (state.uncompensated !== undefined) copy.uncompensated = state.uncompensated;
  return copy;
}

function copyOfStep(step: StepState, status: StepStatus): Mutable<StepState> {
  const { agent, after, compensable } = step;
  const copy: Mutable<StepState> = { status, agent, after, compensable };
  if (Object.hasOwn(step, "input")) copy.input = step.input;
  if (Object.hasOwn(step, "output")) copy.output = step.output;
  if (step.order !== undefined) copy.order = step.order;
  if (step.error !== undefined) copy.error = step.error;
  return copy;
}

function change(next: Mutable<RunState>, event: RunEvent): void {
  switch (event.type) {
    case "run-started":
      next.status = "running";
      next.workflow = event.workflow;
      next.input = event.input;
      next.coordination = event.coordination;
      next.pinned = event.pinned;
      next.epoch = event.epoch;
      next.steps = newSteps(event.steps);
      return;
    case "step-started":
      changeStep(next, event.step, "started").input = event.input;
      return;
    case "step-finished": {
      const step = changeStep(next, event.step, "finished");
      step.output = event.output;
      step.order = 1 + count(next, wasFinished);
      return;
    }
    case "step-failed":
      changeStep(next, event.step, "failed").error = event.error;
      if (next.status !== "running") return;
      next.status = "compensating";
      next.failed = event.step;
      return;
    case "compensation-started":
      changeStep(next, event.step, "compensating");
      return;
    case "compensation-finished":
      changeStep(next, event.step, "compensated");
      return;
    case "compensation-failed":
      changeStep(next, event.step, "compensation-failed").error = event.error;
      next.uncompensated = event.step;
      return;
    case "cancel-requested":
      next.status = "compensating";
      next.cancelled = event.reason === undefined ? {} : { reason: event.reason };
      return;
    case "coordination-switched":
      next.coordination = event.coordination;
      next.epoch = event.epoch;
      return;
    case "run-ended":
      next.status = event.status;
  }
}

/** How the run ends now, with nothing left to do in it; `undefined` while there is. */
export function endOf(state: RunState): RunEnded | undefined {
  if (state.status === "running") {
    return count(state, wasFinished) === Object.keys(state.steps).length
      ? { type: "run-ended", status: "completed" }
      : undefined;
  }
  if (state.status !== "compensating") return undefined;
  if (state.uncompensated !== undefined) return { type: "run-ended", status: "compensation-failed" };
  if (isInFlight(state) || nextToCompensate(state) !== undefined) return undefined;
  return { type: "run-ended", status: state.cancelled === undefined ? "failed" : "cancelled" };
}

/** True when the step may start: nothing went wrong, it hasn't started, and what it comes after has finished. */
export function isReady(state: RunState, name: string): boolean {
  if (state.status !== "running") return false;
  const step = stepOf(state, name);
  if (step === undefined || step.status !== "pending") return false;
  for (const needed of step.after) if (state.steps[needed]?.status !== "finished") return false;
  return true;
}

/** The step to be compensated now; `undefined` when there is none, or something is in flight. */
export function nextToCompensate(state: RunState): string | undefined {
  return isInFlight(state) ? undefined : remainingCompensations(state)[0];
}

/** True while a step or a compensation is started and not over. */
export function isInFlight(state: RunState): boolean {
  return count(state, ({ status }) => status === "started" || status === "compensating") > 0;
}

/** The steps that are still to be compensated, the next one first. */
export function remainingCompensations(state: RunState): readonly string[] {
  if (state.status !== "compensating" || state.uncompensated !== undefined) return [];
  return Object.entries(state.steps)
    .filter(([, { status, compensable }]) => status === "finished" && compensable)
    .sort(([, one], [, other]) => (other.order ?? 0) - (one.order ?? 0))
    .map(([name]) => name);
}

/** What is known of a step; `undefined` for a name that is no step's. */
function stepOf(state: RunState, name: string): StepState | undefined {
  return Object.hasOwn(state.steps, name) ? state.steps[name] : undefined;
}

function count({ steps }: RunState, isCounted: (step: StepState) => boolean): number {
  let counted = 0;
  for (const name in steps) if (isCounted(steps[name] as StepState)) counted++;
  return counted;
}

function wasFinished({ order }: StepState): boolean {
  return order !== undefined;
}

function statusOf(state: RunState, name: string): StepStatus | undefined {
  return stepOf(state, name)?.status;
}

function newSteps(outlines: readonly StepOutline[]): Record<string, StepState> {
  const steps: Record<string, StepState> = {};
  for (const { name, agent, after, compensable } of outlines)
    steps[name] = { status: "pending", agent, after, compensable };
  return steps;
}

/** Gives the run a copy of the step, with its new status, to change further. */
function changeStep(next: Mutable<RunState>, name: string, status: StepStatus): Mutable<StepState> {
  const step = stepOf(next, name);
  if (step === undefined) throw new TypeError(`the run has no step ${name}`); // `admits` sees to it
  const steps = { ...next.steps };
  const changed = copyOfStep(step, status);
  steps[name] = changed;
  next.steps = steps;
  return changed;
}
