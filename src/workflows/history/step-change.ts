/** Changing a step of a run: the copies that an event makes. */

import type { Mutable } from "../../values/mutable.ts";
import type { RunState } from "./run-state.ts";
import { dependentsOf, parentOf, placeOf, stepAt } from "../steps/run-places.ts";
import { type Replacement, withSteps } from "../steps/run-steps.ts";
import type { RunSteps, StepState, StepStatus } from "../steps/step-state.ts";

/** Gives the run a copy of the step, with its new status and what `edit` makes of it. Returns its place. */
export function changeStep(
  next: Mutable<RunState>,
  name: string,
  status: StepStatus,
  edit: (step: Mutable<StepState>) => void = () => undefined,
): number {
  const { steps } = next;
  const place = placeIn(next, name);
  const changed = copyOfStep(stepAt(steps, place), status);
  edit(changed);
  next.steps = withSteps(steps, [[place, changed]], steps.undoneFirst);
  return place;
}

export function placeIn({ steps }: RunState, name: string): number {
  const place = placeOf(steps, name);
  if (place === undefined) throw new TypeError(`the run has no step ${name}`); // `admits` refuses such an event
  return place;
}

/** Copies a step with a new status. The copy has no `retryAt`: only a status that waits gets one again. */
export function copyOfStep(step: StepState, status: StepStatus): Mutable<StepState> {
  const copy: Mutable<StepState> = { name: step.name, status };
  if (step.missing !== undefined) copy.missing = step.missing;
  if (step.left !== undefined) copy.left = step.left;
  if (step.list !== undefined) copy.list = step.list;
  if (step.loop !== undefined) copy.loop = step.loop;
  if (step.inbox !== undefined) copy.inbox = step.inbox;
  if (step.who !== undefined) copy.who = step.who;
  if (Object.hasOwn(step, "input")) copy.input = step.input;
  if (Object.hasOwn(step, "output")) copy.output = step.output;
  if (step.order !== undefined) copy.order = step.order;
  if (step.error !== undefined) copy.error = step.error;
  if (step.undoError !== undefined) copy.undoError = step.undoError;
  if (step.attempt !== undefined) copy.attempt = step.attempt;
  if (step.failures !== undefined) copy.failures = step.failures;
  if (step.isUncertain === true) copy.isUncertain = true;
  if (step.isInherited === true) copy.isInherited = true;
  if (step.isFallback === true) copy.isFallback = true;
  if (step.isGiven === true) copy.isGiven = true;
  if (step.undoneBefore !== undefined) copy.undoneBefore = step.undoneBefore;
  if (step.wait !== undefined) copy.wait = step.wait;
  return copy;
}

/**
 * What changes when a step settles: the step itself, those after it, which wait for one less, and the sub-workflow or the each that it belongs to, of
 * which one step less is left.
 */
export function settling(steps: RunSteps, place: number, step: StepState): readonly Replacement[] {
  const replacements: Replacement[] = [[place, step]];
  const parent = parentOf(steps, place);
  if (parent !== undefined) {
    const { status, left } = stepAt(steps, parent);
    if (left !== undefined) {
      const copy = copyOfStep(stepAt(steps, parent), status);
      copy.left = left - 1;
      replacements.push([parent, copy]);
    }
  }
  for (const dependent of dependentsOf(steps, place)) {
    const before = stepAt(steps, dependent);
    if (before.missing !== undefined) replacements.push([dependent, withOneMissingLess(before, before.missing)]);
  }
  return replacements;
}

function withOneMissingLess(step: StepState, missing: number): StepState {
  const copy = copyOfStep(step, step.status);
  if (step.retryAt !== undefined) copy.retryAt = step.retryAt;
  if (missing > 1) copy.missing = missing - 1;
  else delete copy.missing;
  return copy;
}
