/** What follows from an outline alone, be it of a run, an item or a round: where each step is, what comes before and after it, and what belongs to a sub-workflow. */

import { partAround, scopeOf, wholeOf } from "../definition/steps-of-run.ts";
import type { StepOutline } from "./step-outline.ts";

/** An index computed from an outline. A place is the position of a step in it. */
export interface OutlineIndex {
  /** How many steps there are. */
  readonly size: number;
  /** By place: how many places an item of the each there, or a round of the loop, takes: its own, and one for each of its steps. */
  readonly widths: readonly number[];
  /** True if an item or a round is a workflow. */
  readonly hasBodies: boolean;
  /** True if any of it can be undone, also in items and rounds. */
  readonly isUndoable: boolean;
  readonly places: ReadonlyMap<string, number>;
  /** By place: the places of the steps that it comes after, and of those of them that it needs. */
  readonly befores: readonly (readonly number[])[];
  readonly needs: readonly (readonly number[])[];
  /** By place: the places of the steps that come after it. */
  readonly dependents: readonly (readonly number[])[];
  /** The place of the point of no return. */
  readonly pivot: number | undefined;
  /** By place: the place of the sub-workflow that it is a step of; `undefined` for a step of the run's workflow. */
  readonly parents: readonly (number | undefined)[];
  /** The steps of a sub-workflow, by its place; and under `undefined`, those of the run's workflow. */
  readonly members: ReadonlyMap<number | undefined, readonly number[]>;
}

/** Keyed by the outline, which all versions of a run, and all runs of a plan, share: so each index is computed once. */
const indexes = new WeakMap<readonly StepOutline[], OutlineIndex>();

export function indexOf(outline: readonly StepOutline[]): OutlineIndex {
  let index = indexes.get(outline);
  if (index === undefined) indexes.set(outline, (index = newIndex(outline)));
  return index;
}

/** The outline of what is at a path, also of an item, of a round by one of its loop's agents where there are several, and of what is in one; `undefined` for none. */
export function outlineOf(outline: readonly StepOutline[], path: string, who = ""): StepOutline | undefined {
  const place = indexOf(outline).places.get(path);
  if (place !== undefined) return outline[place];
  const whole = wholeOf(path);
  if (whole !== undefined) {
    const about = outlineOf(outline, whole);
    const parts = about === undefined ? [] : partsIn(about);
    return parts.length === 1 ? parts[0] : about?.loop?.rounds[who];
  }
  const within = partAround(path);
  const { body } = (within && outlineOf(outline, within.part)) ?? {};
  return body && outlineOf(body, within?.rest ?? "");
}

function newIndex(outline: readonly StepOutline[]): OutlineIndex {
  const places = new Map(outline.map(({ name }, place) => [name, place]));
  const dependents: number[][] = outline.map(() => []);
  const members = new Map<number | undefined, number[]>();
  const placesOf = (names: readonly string[] = []): number[] => names.map((name) => places.get(name) ?? -1);
  const befores = outline.map(({ after }) => placesOf(after));
  const parents = outline.map(({ name }) => places.get(scopeOf(name)));
  for (const [place, before] of befores.entries()) {
    for (const other of before) dependents[other]?.push(place);
    const siblings = members.get(parents[place]);
    if (siblings === undefined) members.set(parents[place], [place]);
    else siblings.push(place);
  }
  const pivot = outline.findIndex(({ isPivot }) => isPivot === true);
  const widths = outline.map(widthOf);
  const needs = outline.map((step) => placesOf(step.needs));
  const isUndoable = outline.some((step) => mayBeUndone(step) || partsIn(step).some(mayBeUndone));
  const own = { size: outline.length, widths, hasBodies: widths.some((width) => width > 1), isUndoable };
  return { ...own, places, befores, needs, dependents, pivot: pivot === -1 ? undefined : pivot, parents, members };
}

function widthOf(step: StepOutline): number {
  return Math.max(1, ...partsIn(step).map(({ body = [] }) => 1 + body.length));
}

/** What any item or any round is, by each of its loop's agents. */
export function partsIn({ each, loop }: StepOutline): readonly StepOutline[] {
  return each === undefined ? Object.values(loop?.rounds ?? {}) : [each.item];
}

/** True for a round that stays in the run's state once it has finished: it can be undone, or something in it can. One by an agent has finished with what that gave. */
export function isRoundKept(round: StepOutline): boolean {
  return round.body === undefined ? round.compensable : mayBeUndone(round);
}

/** True for a step, an item or a round that can be undone, or something in it can: with what it gave, or where its effects are unknown. */
function mayBeUndone({ compensable, undoesUnknown, body }: StepOutline): boolean {
  return compensable || undoesUnknown === true || (body !== undefined && indexOf(body).isUndoable);
}
