/**
 * The rules of waits and pauses: a wait takes one answer, before it opens or while it is open (invariant 15). Neither has attempts,
 * and nothing of them is undone.
 */

import type { Mutable } from "../../values/mutable.ts";
import type { WaitAnswered, WaitOpened } from "./run-event.ts";
import type { StepOutline } from "../steps/step-outline.ts";
import { isCutOff } from "./given-up.ts";
import { isReady, statusOf, stepOf } from "./run-progress.ts";
import { isHeldBack, type RunState } from "./run-state.ts";
import { partsIn } from "../steps/outline-index.ts";
import { outlineAt, placeOf, stepAt } from "../steps/run-places.ts";
import { everyStep } from "../steps/run-steps.ts";
import { isSettled, type RunSteps, type WaitState } from "../steps/step-state.ts";
import { changeStep } from "./step-change.ts";

/** True for a wait or a pause. */
export function isWait({ steps }: RunState, name: string): boolean {
  const kind = kindOf(steps, name);
  return kind === "wait" || kind === "pause";
}

/** True for a wait or a pause that has begun and is not over. */
export function isOpenWait(state: RunState, name: string): boolean {
  return state.status === "running" && statusOf(state, name) === "open" && isWait(state, name);
}

function kindOf(steps: RunSteps, name: string): StepOutline["kind"] {
  const place = placeOf(steps, name);
  return place === undefined ? undefined : outlineAt(steps, place).kind;
}

/** True while a wait has no answer and may get one. */
export function takesAnswer({ status, steps }: RunState, name: string): boolean {
  const place = placeOf(steps, name);
  if (status !== "running" || place === undefined || outlineAt(steps, place).kind !== "wait") return false;
  const step = stepAt(steps, place);
  if (step.status !== "pending" && step.status !== "open") return false;
  return step.wait?.told === undefined && !isCutOff(steps, place);
}

/**
 * True if the wait was answered under this idempotency key, or the loop got a message under it, among the newest: to tell it again is the same
 * answer, or message.
 */
export function isToldUnder(state: RunState, name: string, key: string): boolean {
  const { wait, inbox } = stepOf(state, name) ?? {};
  return wait?.told?.key === key || inbox?.keys?.includes(key) === true;
}

/**
 * True for a run that goes on only when a wait of it is answered, its time comes, or it has its place in its queue: it is parked. Takes time in proportion to the number
 * of steps, but only where a wait is open.
 */
export function isParked(state: RunState): boolean {
  const { status, steps } = state;
  if (isHeldBack(state)) return status === "running";
  if (steps.open === undefined || status !== "running") return false;
  return everyStep(steps, (step, place) => {
    switch (step.status) {
      case "open":
        return !isWorkedOn(outlineAt(steps, place));
      case "pending":
        return !isReady(state, step.name);
      case "failed":
      case "closed":
        return true; // an item, which is tolerated, or what is in it: else the run had turned back
      default:
        return isSettled(step);
    }
  });
}

/** When the run begins, or the first of the open waits and pauses is over, in milliseconds since the epoch; Infinity for never. */
export function firstUntil({ steps, startsAt }: RunState): number {
  let first = startsAt ?? Number.POSITIVE_INFINITY;
  for (const segment of steps.segments)
    for (const { status, wait } of segment)
      if (status === "open" && wait?.until !== undefined) first = Math.min(first, wait.until);
  return first;
}

export function openWait(next: Mutable<RunState>, event: WaitOpened): void {
  const { since, until } = event;
  changeStep(next, event.step, "open", (step) => {
    if ("question" in event) step.input = event.question;
    step.wait = { ...step.wait, since, ...(until === undefined ? {} : { until }) };
  });
}

export function answerWait(
  next: Mutable<RunState>,
  { step: name, answer, by, idempotencyKey: key }: WaitAnswered,
): void {
  const told = { ...(by === undefined ? {} : { by }), ...(key === undefined ? {} : { key }) };
  changeStep(next, name, statusOf(next, name) ?? "pending", (step) => {
    step.wait = { ...step.wait, told, answer };
  });
}

/** What is kept of a wait once its step has finished: the answer is the step's output now. */
export function withoutAnswer(wait: WaitState): WaitState {
  const { answer: _, ...kept } = wait;
  return kept;
}

/** True for a step whose items or rounds agents do while it is open: where they are workflows, these say what they wait for. */
function isWorkedOn(step: StepOutline): boolean {
  const parts = partsIn(step);
  return parts.length > 0 && parts.every(({ body }) => body === undefined);
}
