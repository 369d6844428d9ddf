/** The outputs of a run's steps. That of a sub-workflow, an each or a loop is kept once, with its steps, items or rounds, and gathered from them. */

import { composePayloads, type Payload } from "../../contracts/payload-codec.ts";
import type { EachOutline, StepOutline } from "../steps/step-outline.ts";
import { membersOf, outlineAt, stepAt } from "../steps/run-places.ts";
import { hasFinished, type RunSteps, type StepState } from "../steps/step-state.ts";

/** True for a step that has an output, which may be `undefined`. */
export function hasOutput(step: StepState, { kind }: StepOutline): boolean {
  return Object.hasOwn(step, "output") || (isGathered(kind) && step.status === "finished");
}

/** The output of the step at a place. Takes time in proportion to the items of an each. */
export function outputAt(steps: RunSteps, place: number): Payload {
  const step = stepAt(steps, place) as StepState | undefined;
  if (step === undefined) return undefined; // an item that has not started
  if (Object.hasOwn(step, "output") || !isGathered(outlineAt(steps, place).kind)) return step.output;
  return hasFinished(step) ? gatheredAt(steps, place) : undefined;
}

/** The output that a sub-workflow, an each or a loop finishes with, once all of it has settled. */
export function gatheredAt(steps: RunSteps, place: number): Payload {
  const { each } = outlineAt(steps, place);
  const { loop } = stepAt(steps, place);
  if (loop !== undefined) {
    return loop.at === undefined ? undefined : outputAt(steps, loop.at);
  }
  if (each !== undefined) return resultsOf(steps, stepAt(steps, place), each);
  const last = membersOf(steps, place).at(-1);
  return last === undefined ? undefined : outputAt(steps, last);
}

/** True for the kinds whose output is not kept with the step. */
export function isGathered(kind: StepOutline["kind"]): boolean {
  return kind === "workflow" || kind === "each" || kind === "loop";
}

/** The results of an each's items, in the list's order: their outputs; or, where failures are tolerated, each an output or an error. */
function resultsOf(steps: RunSteps, { list }: StepState, { tolerate: tolerance, item }: EachOutline): Payload {
  const { from = 0, items: { count = 0 } = {} } = list ?? {};
  const width = 1 + (item.body?.length ?? 0);
  const placeAt = (index: number): number => from + index * width;
  return composePayloads(
    Array.from({ length: count }, (_, index) => outputAt(steps, placeAt(index))),
    (output, index) => {
      if (tolerance === undefined) return output;
      const { status, error } = stepAt(steps, placeAt(index));
      if (status !== "failed" || error === undefined) return { output };
      const { name, message, code } = error;
      return { error: code === undefined ? { name, message } : { name, message, code } };
    },
  );
}
