/** What undoing a step changes in a run. Which step is undone next, `run-progress.ts` says. */

import type { Mutable } from "../../values/mutable.ts";
import type { CompensationFailed } from "./run-event.ts";
import { statusOf } from "./run-progress.ts";
import type { RunState } from "./run-state.ts";
import { stepAt } from "../steps/run-places.ts";
import { withSteps } from "../steps/run-steps.ts";
import type { StepState } from "../steps/step-state.ts";
import { changeStep } from "./step-change.ts";

/**
 * Notes that a step was undone. A finished step that was undone is always the one in `undoneFirst`, as `admits` ensures,
 * so the step to be undone after it takes its place there.
 */
export function undoStep(next: Mutable<RunState>, name: string): void {
  const place = changeStep(next, name, "compensated");
  const { order, undoneBefore } = stepAt(next.steps, place);
  if (order !== undefined) next.steps = withSteps(next.steps, [], undoneBefore);
}

/** The first attempt has no number: it ends the count of the step's own attempts, and begins that of its compensation. */
export function startUndoing(next: Mutable<RunState>, name: string, attempt: number | undefined): void {
  changeStep(next, name, "compensating", (step) => {
    if (attempt === undefined) forgetAttempts(step);
    else step.attempt = attempt;
  });
}

export function failUndoing(next: Mutable<RunState>, { step: name, error, retryAt }: CompensationFailed): void {
  const hasBegun = statusOf(next, name) === "compensating" || statusOf(next, name) === "undo-waiting";
  changeStep(next, name, retryAt === undefined ? "compensation-failed" : "undo-waiting", (step) => {
    if (!hasBegun) forgetAttempts(step);
    step.undoError = error;
    if (retryAt === undefined) return;
    step.retryAt = retryAt;
    step.failures = (step.failures ?? 0) + 1;
  });
  if (retryAt === undefined) next.uncompensated = name;
}

export function forgetAttempts(step: Mutable<StepState>): void {
  delete step.attempt;
  delete step.failures;
}
