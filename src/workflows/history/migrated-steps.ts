/**
 * The steps of a run that goes on with another definition: what has begun stays as it is, under its path. Whether the run may go on so is
 * decided before. Pure. Takes time in proportion to the number of steps.
 */

import type { Mutable } from "../../values/mutable.ts";
import { indexOf } from "../steps/outline-index.ts";
import type { MigratedValue } from "./definition-changed.ts";
import { isToBeUndone } from "./run-progress.ts";
import { beforesOf, membersOf, outlineAt, placeOf, stepAt } from "../steps/run-places.ts";
import { countUndoing, placedSteps } from "../steps/run-steps.ts";
import { hasFinished, isSettled, type RunSteps, segmentSize, type StepState } from "../steps/step-state.ts";
import type { StepOutline } from "../steps/step-outline.ts";

/** A stretch of places behind the steps, and where it is from now on. */
interface Moved {
  readonly from: number;
  readonly to: number;
  readonly by: number;
}

/**
 * @param outline of all steps that the run has from now on. An item or a round may be a step of its own in it, if only that is left of an
 * each or a loop.
 */
export function migratedSteps(
  before: RunSteps,
  outline: readonly StepOutline[],
  values: readonly MigratedValue[] = [],
): RunSteps {
  const own = outline.map(({ name }): Mutable<StepState> => {
    const place = placeOf(before, name);
    if (place === undefined) return { name, status: "pending" };
    return { ...stepAt(before, place) };
  });
  const { segments, extents, moved } = moveBehind(before, outline);
  const changed = new Map(values.map((value) => [value.step, value]));
  const parts = segments.map((segment) => segment.map((step): Mutable<StepState> => ({ ...step })));
  for (const step of [...own, ...parts.flat()]) {
    withValue(step, changed.get(step.name));
    relocate(step, moved);
  }
  const steps: Mutable<RunSteps> = {
    outline,
    segments: [...inSegments(own), ...parts],
    finished: own.filter(hasFinished).length,
  };
  if (extents.length > 0) steps.extents = extents;
  const skipped = own.filter(({ status }) => status === "skipped").length;
  if (skipped > 0) steps.skipped = skipped;
  steps.segments = counted(steps);
  const open = placedSteps(steps).filter(
    ({ step, about }) => step.status === "open" && (about.kind === "wait" || about.kind === "pause"),
  ).length;
  if (open > 0) steps.open = open;
  const first = chain(steps);
  if (first !== undefined) steps.undoneFirst = first;
  if (before.undoing !== undefined) steps.undoing = countUndoing(steps);
  return steps;
}

/**
 * What is behind the steps goes with the each or the loop that it is of, also where that is in an item itself; of one that is there no more, nothing
 * is kept.
 */
function moveBehind(
  before: RunSteps,
  outline: readonly StepOutline[],
): {
  readonly segments: readonly (readonly StepState[])[];
  readonly extents: NonNullable<RunSteps["extents"]>;
  readonly moved: readonly Moved[];
} {
  const { outline: old, segments, extents = [] } = before;
  const { places } = indexOf(outline);
  const kept: (readonly StepState[])[] = [];
  const keptExtents: { readonly place: number; readonly from: number }[] = [];
  const moved: Moved[] = [];
  const first = Math.ceil(outline.length / segmentSize);
  const placeNow = (owner: number): number | undefined => {
    const about = old[owner];
    if (about === undefined) {
      const stretch = moved.find(({ from, to }) => from <= owner && owner < to);
      return stretch && owner + stretch.by;
    }
    const place = places.get(about.name);
    return place !== undefined && outline[place]?.kind === about.kind ? place : undefined;
  };
  for (const [index, { place: owner, from }] of extents.entries()) {
    const place = placeNow(owner);
    if (place === undefined || stepAt(before, owner).status === "pending") continue;
    const end = extents[index + 1]?.from ?? segments.length * segmentSize;
    const at = (first + kept.length) * segmentSize;
    kept.push(...segments.slice(from / segmentSize, end / segmentSize));
    keptExtents.push({ place, from: at });
    moved.push({ from, to: end, by: at - from });
  }
  return { segments: kept, extents: keptExtents, moved };
}

/** Has an each or a loop know where its items or rounds are now. */
function relocate(step: Mutable<StepState>, moved: readonly Moved[]): void {
  const now = (place: number): number => place + (moved.find(({ from, to }) => from <= place && place < to)?.by ?? 0);
  const { list, loop } = step;
  // its list is made again, by the function of the new definition
  if (list !== undefined) step.list = { ...list, items: { ...list.items }, from: now(list.from) };
  if (loop === undefined) return;
  const { at, from, keptFrom } = loop;
  step.loop = {
    ...loop,
    from: now(from),
    ...(at === undefined ? {} : { at: now(at) }),
    ...(keptFrom === undefined ? {} : { keptFrom: keptFrom.map(now) }),
  };
}

function withValue(step: Mutable<StepState>, value: MigratedValue | undefined): Mutable<StepState> {
  if (value === undefined) return step;
  if (value.isSkipped === true) {
    step.status = "skipped";
    if ("output" in value) step.isGiven = true;
  }
  if ("output" in value) step.output = value.output;
  if ("input" in value) step.input = value.input;
  if ("answer" in value) step.wait = { ...step.wait, answer: value.answer };
  if (value.messages !== undefined && step.inbox !== undefined)
    step.inbox = { ...step.inbox, messages: [...readOf(step.inbox), ...value.messages] };
  return step;
}

/** The messages that the newest round has read. */
function readOf({ told, read, messages }: NonNullable<StepState["inbox"]>): readonly unknown[] {
  return messages.slice(0, messages.length - (told - read));
}

/** Counts anew what steps wait for, and what is left of sub-workflows, and of items that are workflows. */
function counted(steps: RunSteps): RunSteps["segments"] {
  const missingOf = (place: number): number =>
    beforesOf(steps, place).filter((other) => !isSettled(stepAt(steps, other))).length;
  const leftOf = (place: number): number =>
    membersOf(steps, place).filter((member) => !isSettled(stepAt(steps, member))).length;
  return steps.segments.map((segment, at) =>
    segment.map((step, index): StepState => {
      const place = at * segmentSize + index;
      const { after, kind } = outlineAt(steps, place, step);
      const { missing: _, ...copy }: Mutable<StepState> = step;
      const missing = step.status === "pending" && after.length > 1 ? missingOf(place) : 0;
      if (kind === "workflow" && step.left !== undefined) copy.left = leftOf(place);
      return missing > 0 ? { ...copy, missing } : copy;
    }),
  );
}

/** Links what is to be undone, the last finished first; returns the place of that one. */
function chain(steps: Mutable<RunSteps>): number | undefined {
  const undone = placedSteps(steps)
    .filter(({ step, about }) => hasFinished(step) && (step.status === "compensating" || isToBeUndone(step, about)))
    .toSorted((one, other) => (one.step.order ?? 0) - (other.step.order ?? 0));
  const before = new Map(undone.map(({ place }, index) => [place, undone[index - 1]?.place]));
  steps.segments = steps.segments.map((segment, at) =>
    segment.map((step, index) => {
      const linked: Mutable<StepState> = { ...step };
      const next = before.get(at * segmentSize + index);
      if (next === undefined) delete linked.undoneBefore;
      else linked.undoneBefore = next;
      return linked;
    }),
  );
  return undone.at(-1)?.place;
}

function inSegments(steps: readonly StepState[]): readonly (readonly StepState[])[] {
  return Array.from({ length: Math.ceil(steps.length / segmentSize) }, (_, at) =>
    steps.slice(at * segmentSize, (at + 1) * segmentSize),
  );
}
