/**
 * The steps of a run that begins where another one was. What had finished there is inherited: it is not done again, and the fork does not undo it.
 * Items and rounds that had finished are inherited, too; those that had not are tried again. Pure. Takes time in proportion to the number of steps.
 */

import type { Payload } from "../../contracts/payload-codec.ts";
import type { Mutable } from "../../values/mutable.ts";
import { wholeOf } from "../definition/steps-of-run.ts";
import { migratedSteps } from "../history/migrated-steps.ts";
import { indexOf } from "../history/outline-index.ts";
import {
  hasFinished,
  placedSteps,
  placeOf,
  type RunSteps,
  stepAt,
  type StepState,
  type StepStatus,
} from "../history/run-steps.ts";
import type { StepOutline } from "../history/step-outline.ts";

export interface ForkedSteps {
  readonly steps: RunSteps;
  /** The paths of the steps that are not done again. */
  readonly inherited: readonly string[];
}

/**
 * @param outline of the run's definition.
 * @param again the paths of the steps that are done again, with all that comes after them.
 * @param outputs what stands in for the outputs of steps, by path.
 */
export function forkedSteps(
  source: RunSteps,
  outline: readonly StepOutline[],
  again: readonly string[],
  outputs: ReadonlyMap<string, Payload>,
): ForkedSteps {
  // in the outline of its definition: without what is there only to be undone
  const { loops, lists } = undoneParts(source);
  const over = new Set(
    source.outline.flatMap(({ name }, place) => (hasFinished(stepAt(source, place)) && !lists.has(name) ? [name] : [])),
  );
  const fork = (step: StepState): StepState =>
    lists.has(step.name) ? openAgain(step) : asForked(step, over.has(wholeOf(step.name) ?? ""));
  const steps = migratedSteps({ ...source, segments: source.segments.map((all) => all.map(fork)) }, outline);
  const given = new Set([...outputs.keys()].map((name) => placeOf(steps, name) ?? -1));
  const reset = resetIn(steps, outline, [...again, ...loops], given);
  const segments = steps.segments.map((segment) =>
    segment.map((step): StepState => {
      const place = placeOf(steps, step.name) ?? -1;
      if (given.has(place))
        return { name: step.name, status: "finished", output: outputs.get(step.name), order: 1, isInherited: true };
      return reset.has(place) ? { name: step.name, status: "pending" } : reopened(step, place, steps, reset);
    }),
  );
  const next = migratedSteps({ ...steps, segments }, outline);
  const inherited = outline.flatMap(({ name }, place) => (stepAt(next, place).isInherited === true ? [name] : []));
  return { steps: next, inherited };
}

/** A step as the fork has it, before anything is reset. Of a list or a loop that is over, items and rounds stay as they are. */
function asForked(step: StepState, isOver: boolean): StepState {
  const { status } = step;
  const copy: Mutable<StepState> = { ...step };
  delete copy.undoneBefore;
  if (hasFinished(step) && (status === "finished" || isOver)) copy.isInherited = true;
  const isWhole = copy.list !== undefined || copy.loop !== undefined || copy.left !== undefined;
  if (status === "closed" && isWhole) copy.status = "open";
  if (isOver || status === "finished" || status === "skipped" || status === "pending" || copy.status === "open")
    return copy;
  // an item or a round is done with the same input; a step is mapped anew
  for (const field of ["order", "output", "attempt", "failures", "error", "undoError", "isUncertain"] as const)
    delete copy[field];
  return { ...copy, status: "waiting", retryAt: 0 };
}

/** Loops of which a round was undone, which begin anew, and lists of which an item was, which is done again. */
function undoneParts(source: RunSteps): { readonly loops: readonly string[]; readonly lists: ReadonlySet<string> } {
  const parts = placedSteps(source).flatMap(({ step: { name, who, status } }) => {
    const whole = undone.has(status) ? wholeOf(name) : undefined;
    return whole === undefined ? [] : [{ whole, isLoop: who !== undefined }];
  });
  const of = (isLoop: boolean): string[] => parts.flatMap((part) => (part.isLoop === isLoop ? [part.whole] : []));
  return { loops: of(true), lists: new Set(of(false)) };
}

/** A list that was over goes on with what was undone of it. */
function openAgain(step: StepState): StepState {
  const { order: _, undoneBefore: __, isInherited: ___, ...open } = step;
  return { ...open, status: "open" };
}

const undone: ReadonlySet<StepStatus> = new Set(["compensated", "compensating", "undo-waiting", "compensation-failed"]);

/** The places of the steps that are done again: those that are named or had not finished, and all that comes after them. */
function resetIn(
  steps: RunSteps,
  outline: readonly StepOutline[],
  again: readonly string[],
  given: ReadonlySet<number>,
): ReadonlySet<number> {
  const { dependents, members, parents, places } = indexOf(outline);
  const reset = new Set<number>();
  const redo = (place: number): void => {
    if (reset.has(place) || given.has(place)) return;
    reset.add(place);
    for (const member of members.get(place) ?? []) redo(member);
    after(place);
  };
  const after = (place: number): void => {
    for (const dependent of dependents[place] ?? []) redo(dependent);
    const parent = parents[place];
    if (parent !== undefined && !reset.has(parent)) after(parent);
  };
  for (const place of given) after(place);
  for (const name of again) redo(places.get(name) ?? -1);
  for (const [place, { kind }] of outline.entries()) {
    const { status } = stepAt(steps, place);
    const goesOn = status === "open" && kind !== "wait" && kind !== "pause";
    if (status !== "finished" && status !== "skipped" && !goesOn) redo(place);
  }
  return reset;
}

/** A list, a loop or a sub-workflow of which something is done again is open again. */
function reopened(step: StepState, place: number, steps: RunSteps, reset: ReadonlySet<number>): StepState {
  const { list, left } = step;
  if (list !== undefined && step.status === "open") {
    const { failed: _, ...open } = list;
    const done = Array.from({ length: list.next }, (_item, index) => stepAt(steps, list.from + index)).filter(
      hasFinished,
    );
    return { ...step, list: open, left: list.items.count - done.length };
  }
  const { members } = indexOf(steps.outline);
  const own = members.get(place);
  const isOpenAgain = (member: number): boolean =>
    reset.has(member) || stepAt(steps, member).status === "open" || members.get(member)?.some(isOpenAgain) === true;
  if (own === undefined || !own.some(isOpenAgain)) return step;
  return { ...openAgain(step), left: left ?? own.length };
}
