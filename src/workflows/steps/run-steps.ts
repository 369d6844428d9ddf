/**
 * The steps of a run, kept so that the cost of an event doesn't grow with their number: a change copies one segment,
 * and totals are updated with each change instead of counted over all steps.
 */

import type { Mutable } from "../../values/mutable.ts";
import { pathIn } from "../definition/steps-of-run.ts";
import { outlineAt, stepAt } from "./run-places.ts";
import type { StepOutline } from "./step-outline.ts";
import {
  hasFinished,
  isInFlight,
  pendingStep,
  type RunSteps,
  segmentSize,
  type StepState,
  type UndoingCounts,
} from "./step-state.ts";

/** A step that takes the place of another. */
export type Replacement = readonly [place: number, step: StepState];

/** The steps of a run that starts. */
export function newSteps(outline: readonly StepOutline[]): RunSteps {
  const segments: StepState[][] = [];
  for (const [place, about] of outline.entries()) {
    if (place % segmentSize === 0) segments.push([]);
    segments.at(-1)?.push(pendingStep(about.name, about));
  }
  return { outline, segments, finished: 0 };
}

/** An item or a round at its place, and the steps that are in it behind it. */
export function newPart(
  root: StepState,
  place: number,
  { body = [] }: Partial<StepOutline> = {},
): readonly Replacement[] {
  return [
    [place, root],
    ...body.map((about, at): Replacement => [place + 1 + at, pendingStep(pathIn(root.name, about.name), about)]),
  ];
}

/** A step, and where it is. */
export interface PlacedStep {
  readonly place: number;
  readonly step: StepState;
  readonly about: StepOutline;
}

/** All steps, and the items and rounds that have started and are kept. Takes time in proportion to their number, so use it only for what happens once in a run. */
export function placedSteps(steps: RunSteps): readonly PlacedStep[] {
  return steps.segments.flatMap((segment, at) =>
    segment.map((step, index) => {
      const place = at * segmentSize + index;
      return { place, step, about: outlineAt(steps, place, step) };
    }),
  );
}

/** The same without their places. */
export function allSteps({ segments }: RunSteps): readonly StepState[] {
  return segments.flat();
}

/** True if all steps, and the items that have started, are such. Makes no list of them. */
export function everyStep({ segments }: RunSteps, isSuch: (step: StepState, place: number) => boolean): boolean {
  return segments.every((segment, at) => segment.every((step, index) => isSuch(step, at * segmentSize + index)));
}

/**
 * The steps with each of `replacements` in its place, the counts adjusted, and `undoneFirst` as given: all that one event
 * changes, in one copy.
 *
 * @param replacements each for another place.
 */
export function withSteps(
  steps: RunSteps,
  replacements: readonly Replacement[],
  undoneFirst: number | undefined,
): RunSteps {
  const { outline, extents, undoing } = steps;
  const segments = [...steps.segments];
  let { finished, skipped = 0, open = 0 } = steps;
  let inFlight = 0;
  let unknown = 0;
  let copied = -1;
  let segment: StepState[] = [];
  for (const [place, step] of replacements) {
    const before = (stepAt(steps, place) as StepState | undefined) ?? step; // an item or a round that is new
    const about = outlineAt(steps, place, step);
    if (place < outline.length) {
      finished += one(hasFinished(step)) - one(hasFinished(before));
      skipped += one(step.status === "skipped") - one(before.status === "skipped");
    }
    if (about.kind === "wait" || about.kind === "pause")
      open += one(step.status === "open") - one(before.status === "open");
    if (undoing !== undefined) {
      inFlight += one(isInFlight(step)) - one(isInFlight(before));
      unknown += one(isUnknown(step, about)) - one(isUnknown(before, about));
    }
    const at = Math.floor(place / segmentSize);
    if (at !== copied) {
      // a spread: V8 takes 30 times as long for `slice` of a frozen array
      segments[at] = segment = [...(segments[at] ?? [])];
      copied = at;
    }
    segment[place % segmentSize] = step;
  }
  const next: Mutable<RunSteps> = { outline, segments, finished };
  if (extents !== undefined) next.extents = extents;
  if (skipped > 0) next.skipped = skipped;
  if (open > 0) next.open = open;
  if (undoneFirst !== undefined) next.undoneFirst = undoneFirst;
  if (undoing !== undefined)
    next.undoing =
      inFlight === 0 && unknown === 0
        ? undoing
        : { inFlight: undoing.inFlight + inFlight, unknown: undoing.unknown + unknown };
  return next;
}

/** The steps of a run that turns backward. Takes time in proportion to their number. */
export function turnedBack(steps: RunSteps): RunSteps {
  return { ...steps, undoing: countUndoing(steps) };
}

/** The counts computed over all steps. */
export function countUndoing(steps: RunSteps): UndoingCounts {
  const all = placedSteps(steps);
  return {
    inFlight: all.filter(({ step }) => isInFlight(step)).length,
    unknown: all.filter(({ step, about }) => isUnknown(step, about)).length,
  };
}

/** True for a step without an output that is to be undone: its effects are unknown, and its agent can undo them. */
function isUnknown(
  { order, status, isUncertain }: StepState,
  { undoesUnknown }: Pick<StepOutline, "undoesUnknown">,
): boolean {
  if (order !== undefined) return false;
  return status === "undo-waiting" || (status === "failed" && isUncertain === true && undoesUnknown === true);
}

function one(isCounted: boolean): number {
  return isCounted ? 1 : 0;
}
