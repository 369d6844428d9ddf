/**
 * The steps of a run that begins where another one was. What had finished there is inherited: it is not done again, and the fork does not undo it.
 * Items and rounds that had finished are inherited, too; those that had not are tried again. Pure. Takes time in proportion to the number of steps.
 */

import type { Payload } from "../../contracts/payload-codec.ts";
import type { Mutable } from "../../values/mutable.ts";
import { migratedSteps } from "../history/migrated-steps.ts";
import { dependentsOf, membersOf, outlineAt, parentOf, partsOf, placeOf, stepAt } from "../steps/run-places.ts";
import { placedSteps } from "../steps/run-steps.ts";
import { hasFinished, type RunSteps, segmentSize, type StepState, type StepStatus } from "../steps/step-state.ts";
import type { StepOutline } from "../steps/step-outline.ts";

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
  const { loops, reopens } = undoneParts(source);
  const isOver = (place: number | undefined): boolean => {
    for (let at = place; at !== undefined; at = parentOf(source, at))
      if (hasFinished(stepAt(source, at)) && isRepeated(source, at) && !reopens.has(stepAt(source, at).name))
        return true;
    return false;
  };
  const fork = (step: StepState): StepState => {
    const place = placeOf(source, step.name) ?? 0;
    if (reopens.has(step.name)) return openAgain(step);
    // an item that is a workflow and has no input would not get one now
    const isUnmapped = step.status === "failed" && step.left === undefined && isItem(source, place);
    return asForked(step, isUnmapped || isOver(parentOf(source, place)));
  };
  const steps = migratedSteps({ ...source, segments: source.segments.map((all) => all.map(fork)) }, outline);
  const given = new Set([...outputs.keys()].map((name) => placeOf(steps, name) ?? -1));
  const reset = resetIn(steps, [...again, ...loops], given);
  const next = migratedSteps({ ...steps, segments: redone(steps, reset, given, outputs) }, outline);
  const inherited = outline.flatMap(({ name }, place) => (stepAt(next, place).isInherited === true ? [name] : []));
  return { steps: next, inherited };
}

/** True for an each and a loop. */
function isRepeated(steps: RunSteps, place: number): boolean {
  const { each, loop } = outlineAt(steps, place);
  return each !== undefined || loop !== undefined;
}

/** What is done again is as if it had not begun, and what it is in is open again. */
function redone(
  steps: RunSteps,
  reset: ReadonlySet<number>,
  given: ReadonlySet<number>,
  outputs: ReadonlyMap<string, Payload>,
): RunSteps["segments"] {
  const after = new Map<number, StepState>();
  // what is in something comes behind it, so that it is known before
  for (const { place, step } of placedSteps(steps).toReversed()) {
    const { name } = step;
    if (given.has(place))
      // any order says that it has an output, and none is used: the fork does not undo it
      after.set(place, { name, status: "finished", output: outputs.get(name), order: 1, isInherited: true });
    else if (reset.has(place)) after.set(place, { name, status: "pending" });
    else
      after.set(
        place,
        reopened(step, place, steps, (inner) => after.get(inner) ?? stepAt(steps, inner)),
      );
  }
  return steps.segments.map((segment, at) => segment.map((step, index) => after.get(at * segmentSize + index) ?? step));
}

/** A step as the fork has it, before anything is reset. Of a list or a loop that is over, all stays as it is. */
function asForked(step: StepState, isOver: boolean): StepState {
  const { status } = step;
  const copy: Mutable<StepState> = { ...step };
  delete copy.undoneBefore;
  if (hasFinished(step) && (status === "finished" || isOver)) copy.isInherited = true;
  if (isOver) return copy;
  const hasParts = copy.list !== undefined || copy.loop !== undefined || copy.left !== undefined;
  if ((status === "closed" || status === "failed") && hasParts) {
    delete copy.error;
    copy.status = "open";
  }
  if (status === "finished" || status === "skipped" || status === "pending" || copy.status === "open") return copy;
  // an item or a round is done with the same input; a step is mapped anew
  for (const field of ["order", "output", "attempt", "failures", "error", "undoError", "isUncertain"] as const)
    delete copy[field];
  return { ...copy, status: "waiting", retryAt: 0 };
}

/** Loops of which a round was undone, which begin anew; and what goes on, as something in it was undone that is done again: lists, and items. */
function undoneParts(source: RunSteps): { readonly loops: readonly string[]; readonly reopens: ReadonlySet<string> } {
  const loops = new Set<string>();
  const reopens = new Set<string>();
  for (const { place, step } of placedSteps(source)) {
    if (!undone.has(step.status)) continue;
    for (let at = parentOf(source, place); at !== undefined; at = parentOf(source, at)) {
      const { kind, each } = outlineAt(source, at);
      if (kind === "loop") loops.add(stepAt(source, at).name);
      else if (each !== undefined || isItem(source, at)) reopens.add(stepAt(source, at).name);
    }
  }
  return { loops: [...loops], reopens };
}

/** True for an item that is a workflow. */
function isItem(steps: RunSteps, place: number): boolean {
  const parent = parentOf(steps, place);
  return parent !== undefined && outlineAt(steps, parent).each?.item.body !== undefined;
}

/** A list, a loop, an item or a sub-workflow that was over goes on. */
function openAgain(step: StepState): StepState {
  const { order: _, undoneBefore: __, isInherited: ___, error: ____, ...open } = step;
  return { ...open, status: "open" };
}

const undone: ReadonlySet<StepStatus> = new Set(["compensated", "compensating", "undo-waiting", "compensation-failed"]);

/** The places of the steps that are done again: those that are named or had not finished, and all that comes after them. Items and rounds go on instead. */
function resetIn(steps: RunSteps, again: readonly string[], given: ReadonlySet<number>): ReadonlySet<number> {
  const reset = new Set<number>();
  const redo = (place: number): void => {
    if (reset.has(place) || given.has(place)) return;
    reset.add(place);
    for (const member of membersOf(steps, place)) redo(member);
    after(place);
  };
  const after = (place: number): void => {
    for (const dependent of dependentsOf(steps, place)) redo(dependent);
    const parent = parentOf(steps, place);
    if (parent !== undefined && !reset.has(parent)) after(parent);
  };
  for (const place of given) after(place);
  for (const name of again) {
    const place = placeOf(steps, name);
    if (place !== undefined) redo(place);
  }
  for (const { place, step, about } of placedSteps(steps)) {
    const { status } = step;
    const goesOn = status === "open" && about.kind !== "wait" && about.kind !== "pause";
    if (isPart(steps, place) || isWithinOver(steps, place)) continue;
    if (status !== "finished" && status !== "skipped" && !goesOn) redo(place);
  }
  return reset;
}

/** True for an item and a round. */
function isPart(steps: RunSteps, place: number): boolean {
  const parent = parentOf(steps, place);
  return parent !== undefined && isRepeated(steps, parent);
}

/** True for a step of an item that is over: it has failed, and its list is over. */
function isWithinOver(steps: RunSteps, place: number): boolean {
  for (let at = parentOf(steps, place); at !== undefined; at = parentOf(steps, at))
    if (isPart(steps, at) && stepAt(steps, at).status !== "open") return true;
  return false;
}

/** A list, a loop, an item or a sub-workflow of which something is done again is open again. */
function reopened(step: StepState, place: number, steps: RunSteps, now: (place: number) => StepState): StepState {
  const { list, left } = step;
  if (list !== undefined) {
    const items = partsOf(steps, place).map(now);
    if (step.status !== "open" && items.every((item) => item.status !== "open")) return step;
    const { failed: _, ...open } = list;
    const failed = items.filter(({ status }) => status === "failed").length;
    const over = failed + items.filter(hasFinished).length;
    return { ...openAgain(step), list: failed === 0 ? open : { ...open, failed }, left: list.items.count - over };
  }
  const own = step.status === "open" || step.status === "finished" ? membersOf(steps, place) : [];
  if (!own.some((member) => isOpenAgain(now(member)))) return step;
  return { ...openAgain(step), left: left ?? own.length };
}

/** True for what has not settled. */
function isOpenAgain({ status }: StepState): boolean {
  return status === "pending" || status === "open" || status === "waiting";
}
