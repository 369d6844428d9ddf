/**
 * Items that are workflows and of which a step has failed for good, while their each tolerates that: such an item is given up. It is closed, as a run is
 * that turns back: none of its steps starts any more, and those in flight end. Then it has failed. What it had done stays done, and is undone with
 * the run, if that turns back.
 */

import type { EncodedError } from "../../errors/error-codec.ts";
import type { Mutable } from "../../values/mutable.ts";
import { hasBodies, outlineAt, parentOf, placeOf, placesWithin, stepAt } from "../steps/run-places.ts";
import { allSteps, withSteps } from "../steps/run-steps.ts";
import { isInFlight, type RunSteps, type StepState } from "../steps/step-state.ts";
import { toleratedOf } from "../steps/step-outline.ts";
import type { RunEvent } from "./run-event.ts";
import type { RunState } from "./run-state.ts";
import { copyOfStep } from "./step-change.ts";

/** The place of the item that fails with the step at a place, and whose each tolerates it: the innermost one. `undefined` if the run fails. */
export function itemFailingWith(steps: RunSteps, place: number): number | undefined {
  for (let at = place, parent = parentOf(steps, at); parent !== undefined; at = parent, parent = parentOf(steps, at)) {
    const { list } = stepAt(steps, parent);
    const { each } = outlineAt(steps, parent);
    if (list !== undefined && (list.failed ?? 0) + 1 <= toleratedOf(each?.tolerate, list.items.count)) return at;
  }
  return undefined;
}

/** The place of the item that is given up and that the step at a place is in, or is. There is one at most: what is in it is closed. */
export function givenUpAround(steps: RunSteps, place: number): number | undefined {
  let at: number | undefined = hasBodies(steps) ? place : undefined;
  while (at !== undefined && !isGivenUp(steps, at)) at = parentOf(steps, at);
  return at;
}

/** True for a step in an item that has failed, or is given up: it does not begin any more. */
export function isCutOff(steps: RunSteps, place: number): boolean {
  if (!hasBodies(steps)) return false;
  for (let at = parentOf(steps, place); at !== undefined; at = parentOf(steps, at)) {
    const { status } = stepAt(steps, at);
    if (status === "closed" || status === "failed") return true;
  }
  return false;
}

/** True for a step of an item that is given up: no further attempt at it follows. */
export function isInGivenUp({ steps }: RunState, name: string): boolean {
  const place = hasBodies(steps) ? placeOf(steps, name) : undefined;
  return place !== undefined && givenUpAround(steps, place) !== undefined;
}

/** True for an item that is closed while its each goes on. In what is closed with an item, items are closed too. */
function isGivenUp(steps: RunSteps, place: number): boolean {
  if (stepAt(steps, place).status !== "closed") return false;
  const parent = parentOf(steps, place);
  return parent !== undefined && stepAt(steps, parent).list !== undefined && stepAt(steps, parent).status === "open";
}

/** Gives the item at a place up, since a step in it has failed. */
export function giveUp(next: Mutable<RunState>, item: number, error: EncodedError): void {
  failItem(next, item, { isCounted: true });
  change(next, item, "closed", (step) => {
    step.error = error;
  });
  for (const place of placesWithin(next.steps, item)) {
    const { status } = stepAt(next.steps, place);
    if (status === "waiting") change(next, place, "failed");
    else if (status === "open") change(next, place, "closed");
  }
}

/** Notes with its each that an item has failed: it is one more of those, or it is over, or both. */
export function failItem(
  next: Mutable<RunState>,
  item: number,
  { isCounted, isOver }: { readonly isCounted?: boolean; readonly isOver?: boolean },
): void {
  const each = parentOf(next.steps, item) ?? 0;
  change(next, each, stepAt(next.steps, each).status, (step) => {
    if (isCounted === true && step.list !== undefined)
      step.list = { ...step.list, failed: (step.list.failed ?? 0) + 1 };
    if (isOver === true) step.left = (step.left ?? 1) - 1;
  });
}

function change(
  next: Mutable<RunState>,
  place: number,
  status: StepState["status"],
  edit: (step: Mutable<StepState>) => void = () => undefined,
): void {
  const { steps } = next;
  const copy = copyOfStep(stepAt(steps, place), status);
  edit(copy);
  next.steps = withSteps(steps, [[place, copy]], steps.undoneFirst);
}

/** True for an item that was given up and of which nothing is in flight any more. */
export function isAtRest(steps: RunSteps, place: number): boolean {
  return isGivenUp(steps, place) && !placesWithin(steps, place).some((inner) => isInFlight(stepAt(steps, inner)));
}

/** The item that was given up and comes to rest by an event: the one that the event's step is in. A recovery may bring any to rest, as the attempts that were in flight are gone. */
export function givenUpBy(steps: RunSteps, event: RunEvent): StepState | undefined {
  if (!hasBodies(steps)) return undefined;
  if ("step" in event && event.step !== undefined) {
    const place = placeOf(steps, event.step);
    const given = place === undefined ? undefined : givenUpAround(steps, place);
    return given !== undefined && isAtRest(steps, given) ? stepAt(steps, given) : undefined;
  }
  if (event.type !== "run-recovered") return undefined;
  return allSteps(steps).find(({ name, status }) => status === "closed" && isAtRest(steps, placeOf(steps, name) ?? 0));
}
