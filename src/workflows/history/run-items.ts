/**
 * The rules of an each: its items start in the order of the list, no more at a time than its `concurrency`, and fail no more than it
 * tolerates. These bounds are the history's: it refuses an item beyond them under either coordination (invariant 14).
 */

import { itemAt } from "../definition/steps-of-run.ts";
import type { Mutable } from "../../values/mutable.ts";
import type { EachOutline, ItemsOf } from "../steps/step-outline.ts";
import type { RunState } from "./run-state.ts";
import { outlineAt, placeOf, stepAt, widthAt, withExtent } from "../steps/run-places.ts";
import { newPart, withSteps } from "../steps/run-steps.ts";
import type { StepState } from "../steps/step-state.ts";
import { copyOfStep, placeIn } from "./step-change.ts";

/** How many further items may start. */
function roomIn({ list, left = 0, status }: StepState, { concurrency }: EachOutline): number {
  if (list === undefined || status !== "open") return 0;
  const { next, items } = list;
  const active = next - (items.count - left);
  return Math.max(0, Math.min(concurrency - active, items.count - next));
}

/** The items of an each that may start now: from one on, and up to another one, which may be the same; `undefined` once all have started. */
export function rangeToStart(
  { status, steps }: RunState,
  each: string,
): { readonly items: ItemsOf; readonly from: number; readonly to: number } | undefined {
  const place = placeOf(steps, each);
  if (place === undefined || status !== "running") return undefined;
  const step = stepAt(steps, place);
  const { each: bounds } = outlineAt(steps, place);
  const { list } = step;
  if (bounds === undefined || list === undefined || step.status !== "open" || list.next === list.items.count)
    return undefined;
  return { items: list.items, from: list.next, to: list.next + roomIn(step, bounds) };
}

/** The list of the each whose item is at a path; `undefined` for another path, and before the each has begun. */
export function itemsOf({ steps }: RunState, path: string): ItemsOf | undefined {
  const place = placeOf(steps, itemAt(path)?.each ?? "");
  return place === undefined ? undefined : stepAt(steps, place).list?.items;
}

/** True for the path of the item that may start now. */
export function isNextItem(state: RunState, path: string): boolean {
  const item = itemAt(path);
  const place = item === undefined ? undefined : placeOf(state.steps, item.each);
  if (item === undefined || place === undefined || state.status !== "running") return false;
  const { each } = outlineAt(state.steps, place);
  const step = stepAt(state.steps, place);
  return each !== undefined && step.list?.next === item.index && roomIn(step, each) > 0;
}

/** Has an each begin: from now on it has places for its items, behind all others. */
export function openList(next: Mutable<RunState>, place: number, items: ItemsOf): void {
  const { steps } = next;
  const { steps: longer, from } = withExtent(steps, place, items.count * widthAt(steps, place));
  const step = copyOfStep(stepAt(steps, place), "open");
  step.input = null;
  step.left = items.count;
  step.list = { items, from, next: 0 };
  next.steps = withSteps(longer, [[place, step]], steps.undoneFirst);
}

/** Gives the run the item that is next, if the path is that one's, with the steps that are in it. */
export function addItem(next: Mutable<RunState>, path: string): void {
  const item = itemAt(path);
  if (item === undefined || placeOf(next.steps, path) !== undefined) return;
  const { steps } = next;
  const place = placeIn(next, item.each);
  const { list, status } = stepAt(steps, place);
  if (list === undefined) return;
  const step = copyOfStep(stepAt(steps, place), status);
  step.list = { ...list, next: item.index + 1 };
  const about = outlineAt(steps, place);
  const at = list.from + item.index * widthAt(steps, place);
  const added = newPart({ name: path, status: "pending" }, at, about.each?.item);
  next.steps = withSteps(steps, [[place, step], ...added], steps.undoneFirst);
}
