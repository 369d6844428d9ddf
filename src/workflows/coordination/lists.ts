/**
 * The lists of eaches, and what is decided about their items. A list is made once in each process that decides, and known by its digest when it
 * is made again: a function that gives another list then is not pure, and fails the step. Pure but for what it remembers.
 */

import { sha256 } from "../../values/sha256.ts";
import { encodeError } from "../../errors/error-codec.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import { shown } from "../../values/shown.ts";
import { itemPath, type OfRun } from "../definition/steps-of-run.ts";
import type { EachStep, MappingSources } from "../definition/workflow-definition.ts";
import type { Coordination, Epoch } from "../history/coordination.ts";
import type { StepFailed, StepStarted } from "../history/run-event.ts";
import type { ItemsOf } from "../steps/step-outline.ts";
import { callPure, decodeSources, inputFor, frozen, type StepSources } from "./pure-calls.ts";

/** A list, with what else the mapping of an item gets. */
export interface MadeList {
  readonly sources: MappingSources;
  readonly list: readonly unknown[];
  readonly items: ItemsOf;
}

const digits = 16;

/** @throws TroupeError `invalid-workflow`, `too-many-items`; what the function throws. */
export function makeList(step: OfRun<EachStep>, { payloads }: StepSources, codec: PayloadCodec): MadeList {
  const sources = decodeSources(payloads, codec);
  const list = callPure(step, "over", step.over, sources);
  const { name, max } = step;
  if (!Array.isArray(list))
    throw new TroupeError("invalid-workflow", `the over of the step "${name}" gives a list, not ${shown(list)}`);
  if (list.length > max) {
    throw new TroupeError(
      "too-many-items",
      `the list of the step "${name}" has ${list.length} items, and its max is ${max}`,
      { details: { step: name, count: list.length, max } },
    );
  }
  const encoded = JSON.stringify(codec.encode(list, `the list of the step "${name}"`));
  const digest = sha256(encoded, "hex", digits);
  return { sources, list: frozen(list) as unknown[], items: { count: list.length, digest } };
}

/** Lists that were made, by what the history keeps of them, which all versions of a run share. */
const made = new WeakMap<ItemsOf, MadeList>();

/**
 * The list of an each that has begun.
 *
 * @throws TroupeError `invalid-workflow` when it is another one now.
 */
export function listOf(
  step: OfRun<EachStep>,
  items: ItemsOf,
  sources: () => StepSources,
  codec: PayloadCodec,
): MadeList {
  const known = made.get(items);
  if (known !== undefined) return known;
  const again = makeList(step, sources(), codec);
  if (again.items.digest !== items.digest) {
    throw new TroupeError(
      "invalid-workflow",
      `the over of the step "${step.name}" gave another list than before. A workflow's functions are pure: the same sources give the same`,
    );
  }
  made.set(items, again);
  return again;
}

/** What the functions of an item get. */
export function sourcesOfItem({ sources, list }: MadeList, index: number): MappingSources {
  return Object.freeze({ ...sources, item: list[index], index });
}

/** Decides about so many items, from one on: each starts with its mapped input, or fails since its mapping did. */
export function decideItems(
  step: OfRun<EachStep>,
  range: { readonly from: number; readonly to: number },
  { by, epoch }: { readonly by: Coordination; readonly epoch: Epoch },
  list: () => MadeList,
  codec: PayloadCodec,
): readonly (StepStarted | StepFailed)[] {
  let whole: MadeList;
  try {
    whole = list();
  } catch (error) {
    return [{ type: "step-failed", step: step.name, error: encodeError(error), epoch }];
  }
  const decided: (StepStarted | StepFailed)[] = [];
  for (let index = range.from; index < range.to; index++) {
    const name = itemPath(step.name, index);
    try {
      const mapped = callPure({ name }, "mapping", step.map, sourcesOfItem(whole, index));
      const input = inputFor(step.does, mapped, `the input mapped for the step "${name}"`, codec);
      decided.push({ type: "step-started", step: name, input, by, epoch });
    } catch (error) {
      decided.push({ type: "step-failed", step: name, error: encodeError(error), epoch });
    }
  }
  return decided;
}
