/**
 * The rules of a run: which events its history accepts, and the state after each. Any event may be proposed any number
 * of times, under any coordination; the rules ensure that an attempt at a step starts once and ends once, and that a
 * step settles once and is compensated once (invariants 5 and 10). After Garcia-Molina and Salem, "Sagas" (SIGMOD
 * 1987).
 *
 * A run that failed or was cancelled starts no further step. Steps in flight may still finish or fail. Then the
 * finished steps that can be undone are undone, one at a time, the last finished first: so no step is undone before the
 * steps that used its output. A run that is past its point of no return is not undone: it stops there and waits for a
 * person.
 */

import type { Mutable } from "../../values/mutable.ts";
import type { RunEvent, RunNote, StepFailed, StepFinished, StepSkipped, StepStarted } from "./run-event.ts";
import { migratedSteps } from "./migrated-steps.ts";
import { failItem, givenUpAround, giveUp, isAtRest, itemFailingWith } from "./given-up.ts";
import { addItem, isNextItem, openList } from "./run-items.ts";
import { addRound, isInRound, isLastRound, isNextRound, openLoop, takesMessage, tellLoop } from "./run-rounds.ts";
import { noteOf } from "./run-note.ts";
import { isGathered } from "./run-outputs.ts";
import {
  attemptOf,
  endOf,
  isDone,
  isReady,
  isToBeUndone,
  isWithout,
  mayBeSkipped,
  nextToCompensate,
  pivotPassed,
  pivotReached,
  statusOf,
  stepOf,
  stoppedAtPivot,
} from "./run-progress.ts";
import { beginRun, copyOfRun, isHeldBack, isOpen, release, type RunState } from "./run-state.ts";
import { membersOf, outlineAt, placeOf, stepAt } from "../steps/run-places.ts";
import { allSteps, turnedBack, withSteps } from "../steps/run-steps.ts";
import type { StepStatus } from "../steps/step-state.ts";
import { failUndoing, forgetAttempts, startUndoing, undoStep } from "./run-undoing.ts";
import { answerWait, isOpenWait, isWait, openWait, takesAnswer, withoutAnswer } from "./run-waits.ts";
import { changeStep, copyOfStep, placeIn, settling } from "./step-change.ts";

/** True when `event` may be the next one of the run. */
export function admits(state: RunState, event: RunEvent): boolean {
  if (isOutdated(state, event)) return false;
  switch (event.type) {
    case "run-started":
      return state.status === "new";
    case "step-started":
      if (attemptOf(event) > 1) return isAgain(state, event, "waiting");
      return isNextItem(state, event.step) || isNextRound(state, event) || mayStart(state, event);
    case "step-skipped":
      return isReady(state, event.step) && mayBeSkipped(state, event.step);
    case "step-finished":
      if (event.round !== undefined) return isLastRound(state, event.step, event.round);
      return isNow(state, event, "started") || isOpenWait(state, event.step) || isDoneIn(state, event.step);
    case "wait-opened":
      return isReady(state, event.step) && !isWithout(state, event.step) && isWait(state, event.step);
    case "wait-answered":
      return takesAnswer(state, event.step);
    case "loop-told":
      return takesMessage(state, event);
    case "step-failed":
      if (event.epoch === undefined) return isNow(state, event, "started");
      // in a later epoch, the decider finds this out for itself
      return state.status === "running" && mayFailUnstarted(state, event.step) && event.epoch === state.epoch;
    case "compensation-started":
      if (nextToCompensate(state) !== event.step) return false;
      return statusOf(state, event.step) === "undo-waiting"
        ? isAgain(state, event, "undo-waiting")
        : attemptOf(event) === 1;
    case "compensation-finished":
      return isNow(state, event, "compensating");
    case "compensation-failed":
      if (event.epoch === undefined) return isNow(state, event, "compensating");
      return nextToCompensate(state) === event.step && event.epoch === state.epoch;
    case "cancel-requested":
      return state.status === "running" && pivotPassed(state) === undefined;
    case "coordination-switched":
      return isOpen(state) && !state.pinned && event.epoch > state.epoch;
    case "definition-changed":
      return isOpen(state) && event.epoch > state.epoch;
    case "run-released":
      return state.status === "running" && isHeldBack(state);
    case "run-recovered":
      return isOpen(state);
    case "compensation-retried":
      return state.status === "compensation-failed" && stoppedAtPivot(state)?.isCertain !== true;
    case "undo-requested":
      return state.status === "completed" && pivotPassed(state) === undefined;
    case "run-resolved":
      return state.status === "compensation-failed" && state.resolved === undefined;
    case "run-ended":
      return endOf(state)?.status === event.status;
  }
}

/** True for what was decided about a step by functions of a definition that the run follows no more. */
function isOutdated({ definedIn }: RunState, event: RunEvent): boolean {
  if (definedIn === undefined) return false;
  switch (event.type) {
    case "step-started":
    case "step-skipped":
    case "step-finished":
    case "step-failed":
      return event.epoch !== undefined && event.epoch < definedIn;
    default:
      return false;
  }
}

/** True for a sub-workflow whose steps have all settled. */
function isDoneIn(state: RunState, name: string): boolean {
  const step = state.status === "running" ? stepOf(state, name) : undefined;
  return step !== undefined && isDone(step);
}

/** True for the first attempt at a step that is ready, for a sub-workflow or a loop that is, and for an each whose list is short enough. */
function mayStart(state: RunState, { step: name, items }: StepStarted): boolean {
  if (!isReady(state, name) || isWithout(state, name) || isWait(state, name)) return false;
  const { each } = outlineAt(state.steps, placeOf(state.steps, name) ?? 0);
  return each === undefined ? items === undefined : items !== undefined && items.count <= each.max;
}

/** True for a step or an item that can fail without an attempt in flight; also for an item that was given up and is over. */
function mayFailUnstarted(state: RunState, name: string): boolean {
  const status = statusOf(state, name);
  if (status === "open") return !isInRound(state, name);
  if (status === "closed") return isAtRest(state.steps, placeIn(state, name));
  return status === "pending" || status === "waiting" || isNextItem(state, name);
}

/** True for an event about the attempt in flight. */
function isNow(
  state: RunState,
  event: { readonly step: string; readonly attempt?: number },
  status: StepStatus,
): boolean {
  const step = stepOf(state, event.step);
  return step?.status === status && attemptOf(event) === attemptOf(step);
}

/** True for an event about the attempt that follows the failed one. */
function isAgain(
  state: RunState,
  event: { readonly step: string; readonly attempt?: number },
  status: StepStatus,
): boolean {
  const step = stepOf(state, event.step);
  return isOpen(state) && step?.status === status && attemptOf(event) === attemptOf(step) + 1;
}

/**
 * The run after `event`, which it must {@link admits | admit}.
 *
 * @param events the notes of the earlier events in the same version.
 */
export function apply(state: RunState, event: RunEvent, events: readonly RunNote[] = state.events): RunState {
  const next = copyOfRun(state);
  next.length = state.length + 1;
  next.events = events.length === 0 ? [noteOf(event)] : [...events, noteOf(event)]; // no spread of an empty array: V8 reserves 17 places for it
  change(next, event);
  return next;
}

/** The same run, with the notes of all events that led to this version. */
export function withNotes(state: RunState, events: readonly RunNote[]): RunState {
  const next = copyOfRun(state);
  next.events = events;
  return next;
}

function change(next: Mutable<RunState>, event: RunEvent): void {
  switch (event.type) {
    case "run-started":
      beginRun(next, event);
      return;
    case "step-started":
      startStep(next, event);
      return;
    case "step-finished":
      finishStep(next, event);
      return;
    case "step-skipped":
      skipStep(next, event);
      return;
    case "step-failed":
      failStep(next, event);
      return;
    case "wait-opened":
      openWait(next, event);
      return;
    case "wait-answered":
      answerWait(next, event);
      return;
    case "loop-told":
      tellLoop(next, event);
      return;
    case "compensation-started":
      startUndoing(next, event.step, event.attempt);
      return;
    case "compensation-finished":
      undoStep(next, event.step);
      return;
    case "compensation-failed":
      failUndoing(next, event);
      return;
    case "cancel-requested": {
      const { reason, isExpired } = event;
      next.cancelled = {
        ...(reason === undefined ? {} : { reason }),
        ...(isExpired === undefined ? {} : { isExpired }),
      };
      turnBack(next);
      return;
    }
    case "coordination-switched":
      next.coordination = event.coordination;
      next.epoch = event.epoch;
      return;
    case "definition-changed":
      next.workflow = event.to;
      next.epoch = event.epoch;
      next.definedIn = event.epoch;
      next.definition = event.definition;
      next.contract = event.contract;
      if ("input" in event) next.input = event.input;
      next.steps = migratedSteps(next.steps, event.steps, event.values);
      return;
    case "run-released":
      release(next);
      if (event.deadline !== undefined) next.deadline = event.deadline;
      return;
    case "run-recovered":
      recover(next);
      next.epoch = event.epoch;
      if (!next.pinned) next.coordination = event.coordination;
      return;
    case "compensation-retried": {
      const { uncompensated = "" } = next;
      next.status = "compensating";
      delete next.uncompensated;
      const { order } = stepOf(next, uncompensated) ?? {};
      changeStep(next, uncompensated, order === undefined ? "failed" : "finished", forgetAttempts);
      return;
    }
    case "undo-requested":
      next.undone = event.reason === undefined ? {} : { reason: event.reason };
      turnBack(next);
      return;
    case "run-resolved":
      next.resolved = event.note;
      return;
    case "run-ended":
      next.status = event.status;
  }
}

function startStep(next: Mutable<RunState>, event: StepStarted): void {
  const { step: name, input, attempt, items } = event;
  addItem(next, name);
  addRound(next, event);
  const place = placeIn(next, name);
  if (items !== undefined) {
    openList(next, place, items);
    return;
  }
  if (outlineAt(next.steps, place).kind === "loop") {
    openLoop(next, place);
    return;
  }
  const members = membersOf(next.steps, place);
  changeStep(next, name, members.length === 0 ? "started" : "open", (step) => {
    step.input = input;
    if (attempt !== undefined) step.attempt = attempt;
    if (members.length > 0) step.left = members.length;
  });
}

function finishStep(next: Mutable<RunState>, { step: name, output, fallbackFor }: StepFinished): void {
  const { steps } = next;
  const place = placeIn(next, name);
  const step = copyOfStep(stepAt(steps, place), "finished");
  const about = outlineAt(steps, place);
  if (!isGathered(about.kind)) step.output = output;
  delete step.left;
  delete step.error;
  if (fallbackFor !== undefined) {
    step.isFallback = true;
    step.error = fallbackFor;
  }
  if (step.wait !== undefined) step.wait = withoutAnswer(step.wait);
  step.order = next.length;
  if (steps.undoneFirst !== undefined) step.undoneBefore = steps.undoneFirst;
  const undoneFirst = isToBeUndone(step, about) ? place : steps.undoneFirst;
  next.steps = withSteps(steps, settling(steps, place, step), undoneFirst);
  if (next.status === "compensating") stopAtPivot(next);
}

function skipStep(next: Mutable<RunState>, { step: name, output, isGiven }: StepSkipped): void {
  const { steps } = next;
  const place = placeIn(next, name);
  const step = copyOfStep(stepAt(steps, place), "skipped");
  if (isGiven === true) {
    step.output = output;
    step.isGiven = true;
  }
  next.steps = withSteps(steps, settling(steps, place, step), steps.undoneFirst);
  skipMembers(next, place);
}

/** The steps of a sub-workflow that is skipped are skipped with it. */
function skipMembers(next: Mutable<RunState>, place: number): void {
  for (const member of membersOf(next.steps, place)) {
    const { steps } = next;
    next.steps = withSteps(steps, [[member, copyOfStep(stepAt(steps, member), "skipped")]], steps.undoneFirst);
    skipMembers(next, member);
  }
}

function failStep(next: Mutable<RunState>, { step: name, error, retryAt, isUncertain }: StepFailed): void {
  addItem(next, name);
  const given = next.status === "running" ? givenUpAround(next.steps, placeIn(next, name)) : undefined;
  const isRetried = retryAt !== undefined && next.status === "running" && given === undefined;
  const place = changeStep(next, name, isRetried ? "waiting" : "failed", (step) => {
    step.error = error;
    if (isUncertain === true) step.isUncertain = true;
    if (!isRetried) return;
    step.retryAt = retryAt;
    step.failures = (step.failures ?? 0) + 1;
  });
  if (isRetried) return;
  if (next.status === "running") {
    if (given !== undefined) {
      if (given === place) failItem(next, place, { isOver: true });
      return;
    }
    const item = itemFailingWith(next.steps, place);
    if (item === place) failItem(next, place, { isCounted: true, isOver: true });
    else if (item !== undefined) giveUp(next, item, error);
    else {
      next.failed = name;
      turnBack(next);
    }
  } else if (outlineAt(next.steps, place).isPivot === true) stopAtPivot(next);
}

/**
 * Turns the run backward. Steps that wait for another attempt get none, and open waits are closed. A run that is, or may be, past its point of no
 * return is not undone.
 */
function turnBack(next: Mutable<RunState>): void {
  next.status = "compensating";
  release(next);
  for (const { name, status } of allSteps(next.steps)) {
    if (status === "waiting") changeStep(next, name, "failed");
    else if (status === "open") changeStep(next, name, "closed");
  }
  next.steps = turnedBack(next.steps);
  stopAtPivot(next);
}

function stopAtPivot(next: Mutable<RunState>): void {
  const reached = pivotReached(next);
  if (reached !== undefined) next.uncompensated = reached.pivot;
}

/** Notes that the process which had the steps in flight is gone: each is to be tried again, or has failed with unknown effects. */
function recover(next: Mutable<RunState>): void {
  for (const { name, status } of allSteps(next.steps)) {
    if (status === "started") {
      const isRetried = next.status === "running" && givenUpAround(next.steps, placeIn(next, name)) === undefined;
      const place = changeStep(next, name, isRetried ? "waiting" : "failed", (step) => {
        step.isUncertain = true;
        if (isRetried) step.retryAt = 0;
      });
      if (next.status !== "running" && outlineAt(next.steps, place).isPivot === true) stopAtPivot(next);
    } else if (status === "compensating") {
      changeStep(next, name, "undo-waiting", (step) => {
        step.retryAt = 0;
      });
    }
  }
}
