/**
 * Where the steps of a run are: those of its workflow in the order declared, and behind them the items of eaches and the rounds of loops, each
 * followed by its own steps where it is a workflow. What is known of a place follows from the outline and from whose stretch the place is in.
 */

import { itemAt, partAround, roundAt } from "../definition/steps-of-run.ts";
import { indexOf, type OutlineIndex } from "./outline-index.ts";
import { type RunSteps, segmentSize, type StepState, unowned } from "./step-state.ts";
import type { StepOutline } from "./step-outline.ts";

/** The step at a place, which must exist. */
export function stepAt({ segments }: RunSteps, place: number): StepState {
  return segments[Math.floor(place / segmentSize)]?.[place % segmentSize] as StepState;
}

/** How many places an item of the each at a place takes, or a round of the loop there: its own, and one for each of its steps. */
export function widthAt(steps: RunSteps, place: number): number {
  const { index, from } = amongAt(steps, place) ?? nothing;
  return index?.widths[place - from] ?? 1;
}

/** True if an item or a round is a workflow, in the run's workflow or one of its sub-workflows. */
export function hasBodies({ outline }: RunSteps): boolean {
  return indexOf(outline).hasBodies;
}

/** The place of a step, or of an item or a round that has started and is kept; `undefined` if there is none of that name. */
export function placeOf(steps: RunSteps, name: string): number | undefined {
  const { places, size, widths } = indexOf(steps.outline);
  const place = places.get(name);
  if (place !== undefined) return place;
  const round = roundAt(name);
  if (round !== undefined) {
    const loop = places.get(round.loop) ?? placeInPart(steps, round.loop);
    return loop === undefined ? undefined : placeOfRound(steps, loop, round.round);
  }
  const item = itemAt(name);
  if (item !== undefined) {
    const each = places.get(item.each) ?? placeInPart(steps, item.each);
    const list = each === undefined ? undefined : stepAt(steps, each).list;
    if (each === undefined || list === undefined || item.index >= list.next) return undefined;
    return list.from + item.index * (each < size ? (widths[each] ?? 1) : widthAt(steps, each));
  }
  return placeInPart(steps, name);
}

/** The place of a step in an item or a round. */
function placeInPart(steps: RunSteps, name: string): number | undefined {
  const within = partAround(name);
  const part = within && placeOf(steps, within.part);
  const at = part === undefined ? undefined : indexOf(stepsIn(steps, part)).places.get(within?.rest ?? "");
  return part === undefined || at === undefined ? undefined : part + 1 + at;
}

/** The place of a round of the loop at a place; `undefined` if it has not started, or is not kept. */
function placeOfRound(steps: RunSteps, loop: number, round: number): number | undefined {
  const state = stepAt(steps, loop).loop;
  if (state === undefined || round > state.round) return undefined;
  if (round === state.round) return state.at;
  const { from, kept = 0, keptFrom = [] } = state;
  const width = widthAt(steps, loop);
  for (const place of [from, from + width])
    if (roundAt((stepAt(steps, place) as StepState | undefined)?.name ?? "")?.round === round) return place;
  // those that are kept ascend
  let [low, high] = [0, kept - 1];
  while (low <= high) {
    const at = Math.floor((low + high) / 2);
    const place = (keptFrom[Math.floor(at / segmentSize)] ?? 0) + (at % segmentSize) * width;
    const there = roundAt(stepAt(steps, place).name)?.round ?? 0;
    if (there === round) return place;
    if (there < round) low = at + 1;
    else high = at - 1;
  }
  return undefined;
}

/** Whose stretch a place behind the steps is in, and what it is there. */
interface Part {
  /** The place of the each or the loop. */
  readonly owner: number;
  /** The place of the item or the round. */
  readonly root: number;
  /** 0 for the item or the round itself; 1 is its first step. */
  readonly offset: number;
}

/** Of a place that is behind the steps. */
function partAt(steps: RunSteps, place: number, { hasBodies: hasSome }: OutlineIndex): Part | undefined {
  const extent = extentAt(steps.extents ?? [], place);
  if (extent === undefined) return undefined;
  const { place: owner, from } = extent;
  const offset = hasSome ? (place - from) % widthAt(steps, owner) : 0;
  return { owner, root: place - offset, offset };
}

type Extent = NonNullable<RunSteps["extents"]>[number];

/** The stretch that a place is in. They ascend, and the newest is wanted most. */
function extentAt(extents: readonly Extent[], place: number): Extent | undefined {
  let [low, high] = [0, extents.length - 1];
  for (let middle = high; low < high; middle = Math.ceil((low + high) / 2))
    if ((extents[middle]?.from ?? 0) <= place) low = middle;
    else high = middle - 1;
  return extents[low];
}

/** The outline of the step at a place, which must exist. */
export function outlineAt(steps: RunSteps, place: number, step?: StepState): StepOutline {
  const { outline } = steps;
  const index = indexOf(outline);
  const part = place < index.size ? undefined : partAt(steps, place, index);
  if (part === undefined) return outline[place] as StepOutline;
  const { owner } = part;
  const { each, loop } = owner < index.size ? (outline[owner] as StepOutline) : outlineAt(steps, owner);
  const { who = "" } = each === undefined ? ((part.offset === 0 ? step : undefined) ?? stepAt(steps, part.root)) : {};
  const root = each?.item ?? loop?.rounds[who];
  return (part.offset === 0 ? root : root?.body?.[part.offset - 1]) as StepOutline;
}

/** The outlines of the steps in the item or the round at a place, each at one more than its place there; none for one that an agent does. */
function stepsIn(steps: RunSteps, part: number): readonly StepOutline[] {
  const { size, hasBodies: hasSome } = indexOf(steps.outline);
  return part < size || !hasSome ? none : (outlineAt(steps, part).body ?? none);
}

const none: readonly StepOutline[] = Object.freeze([]);

/** What is known of the steps among which a place is, and from which place on they are. */
interface Among {
  readonly index?: OutlineIndex;
  readonly from: number;
  /** The place of the item or the round that they are in; absent for the run's own. */
  readonly part?: number;
}

/** Of an item or a round itself. */
const nothing: Among = Object.freeze({ from: 0 });

/** `undefined` for an item and a round: it is not among steps. */
function amongAt(steps: RunSteps, place: number): (Among & { readonly index: OutlineIndex }) | undefined {
  const index = indexOf(steps.outline);
  if (place < index.size) return { index, from: 0 };
  if (!index.hasBodies) return undefined;
  const part = partAt(steps, place, index);
  if (part === undefined || part.offset === 0) return undefined;
  return { index: indexOf(stepsIn(steps, part.root)), from: part.root + 1, part: part.root };
}

function moved(places: readonly number[] | undefined, from: number): readonly number[] {
  if (places === undefined) return nowhere;
  return from === 0 ? places : places.map((place) => from + place);
}

const nowhere: readonly number[] = Object.freeze([]);

/** The places of the steps that the one at a place comes after. */
export function beforesOf(steps: RunSteps, place: number): readonly number[] {
  const { index, from } = amongAt(steps, place) ?? nothing;
  return moved(index?.befores[place - from], from);
}

/** The places of the steps that the one at a place needs. */
export function neededBy(steps: RunSteps, place: number): readonly number[] {
  const { index, from } = amongAt(steps, place) ?? nothing;
  return moved(index?.needs[place - from], from);
}

/** The places of the steps that come after the one at a place. */
export function dependentsOf(steps: RunSteps, place: number): readonly number[] {
  const { index, from } = amongAt(steps, place) ?? nothing;
  return moved(index?.dependents[place - from], from);
}

/**
 * The place of what the step at a place is in: its sub-workflow, item or round; of an item its each, of a round its loop. `undefined` for a step of
 * the run's workflow.
 */
export function parentOf(steps: RunSteps, place: number): number | undefined {
  const among = amongAt(steps, place);
  if (among === undefined) return extentAt(steps.extents ?? [], place)?.place;
  const { index, from, part } = among;
  const parent = index.parents[place - from];
  return parent === undefined ? part : from + parent;
}

/** The places of the steps of a sub-workflow, an item or a round, in the order declared; or those of the steps of the run's workflow. */
export function membersOf(steps: RunSteps, parent: number | undefined): readonly number[] {
  if (parent === undefined) return moved(indexOf(steps.outline).members.get(undefined), 0);
  const among = amongAt(steps, parent);
  if (among === undefined) return moved(indexOf(stepsIn(steps, parent)).members.get(undefined), parent + 1);
  return moved(among.index.members.get(parent - among.from), among.from);
}

/** The places of the items of an each, or of the rounds of a loop that are kept, that have started. */
export function partsOf(steps: RunSteps, place: number): readonly number[] {
  const { list, loop } = stepAt(steps, place);
  if (list === undefined && loop === undefined) return nowhere;
  const width = widthAt(steps, place);
  if (list !== undefined) return Array.from({ length: list.next }, (_, index) => list.from + index * width);
  const { from = 0, kept = 0, keptFrom = [] } = loop ?? {};
  const inTurns = [from, from + width].filter((at) => stepAt(steps, at) !== undefined);
  const all = Array.from(
    { length: kept },
    (_, index) => (keptFrom[Math.floor(index / segmentSize)] ?? 0) + (index % segmentSize) * width,
  );
  return [...inTurns, ...all];
}

/** The places of all that is in what is at a place, however deep. Takes time in proportion to their number. */
export function placesWithin(steps: RunSteps, place: number): readonly number[] {
  return [...membersOf(steps, place), ...partsOf(steps, place)].flatMap((inner) => [
    inner,
    ...placesWithin(steps, inner),
  ]);
}

/** The place of the point of no return, if there is one. */
export function pivotOf({ outline }: RunSteps): number | undefined {
  return indexOf(outline).pivot;
}

/**
 * The steps with room for so many more behind the step at a place, for its items or rounds; and where that room is. What is free is taken first: the
 * smallest that is enough.
 */
export function withExtent(
  steps: RunSteps,
  place: number,
  count: number,
): { readonly steps: RunSteps; readonly from: number } {
  const { extents = [] } = steps;
  const needed = Math.ceil(count / segmentSize);
  let found = -1;
  for (let at = extents.length - 1; at >= 0 && (extents[at]?.from ?? 0) > place; at--)
    if (extents[at]?.place === unowned && sizeOf(steps, at) >= needed)
      if (found < 0 || sizeOf(steps, at) <= sizeOf(steps, found)) found = at;
  const free = extents[found];
  if (free !== undefined)
    return { steps: { ...steps, extents: extents.with(found, { ...free, place }) }, from: free.from };
  const from = steps.segments.length * segmentSize;
  const segments = Array.from({ length: needed }, () => []);
  return {
    steps: { ...steps, segments: [...steps.segments, ...segments], extents: [...extents, { place, from }] },
    from,
  };
}

/** How many segments a stretch has. */
function sizeOf({ extents = [], segments }: RunSteps, at: number): number {
  return ((extents[at + 1]?.from ?? segments.length * segmentSize) - (extents[at]?.from ?? 0)) / segmentSize;
}

/** The steps without the items and rounds, however deep, of those from one place on and up to another: the places that they had are free. */
export function withoutParts(steps: RunSteps, first: number, end: number): RunSteps {
  const { extents = [] } = steps;
  const gone = [{ from: first, to: end }];
  let segments: (readonly StepState[])[] | undefined;
  let left: Extent[] | undefined;
  // what belongs to a step is behind it
  for (const [at, { place, from }] of extents.entries()) {
    if (from < end || !gone.some((one) => one.from <= place && place < one.to)) continue;
    const to = from + sizeOf(steps, at) * segmentSize;
    gone.push({ from, to });
    segments ??= [...steps.segments];
    for (let segment = from / segmentSize; segment < to / segmentSize; segment++) segments[segment] = [];
    (left ??= [...extents])[at] = { place: unowned, from };
  }
  return segments === undefined || left === undefined ? steps : { ...steps, segments, extents: left };
}
