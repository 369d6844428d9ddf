/** What follows from the outline of a run's steps alone: where each is, what comes after it, and what belongs to a sub-workflow. */

import { scopeOf } from "../definition/steps-of-run.ts";
import type { StepOutline } from "./step-outline.ts";

/** An index computed from an outline. A place is the position of a step in it. */
export interface OutlineIndex {
  readonly places: ReadonlyMap<string, number>;
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

function newIndex(outline: readonly StepOutline[]): OutlineIndex {
  const places = new Map(outline.map(({ name }, place) => [name, place]));
  const dependents: number[][] = outline.map(() => []);
  const members = new Map<number | undefined, number[]>();
  const parents = outline.map(({ name }) => places.get(scopeOf(name)));
  for (const [place, { after }] of outline.entries()) {
    for (const needed of after) dependents[places.get(needed) ?? -1]?.push(place);
    const siblings = members.get(parents[place]);
    if (siblings === undefined) members.set(parents[place], [place]);
    else siblings.push(place);
  }
  const pivot = outline.findIndex(({ isPivot }) => isPivot === true);
  return { places, dependents, pivot: pivot === -1 ? undefined : pivot, parents, members };
}
