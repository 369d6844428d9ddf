/** The options of an each besides those of all steps, and what it results in. */

import type { ReadonlyParts } from "../../values/readonly-parts.ts";
import type { Tolerance } from "./workflow-definition.ts";

/**
 * The list of an each, and its bounds. The run's history keeps them: no schedule and no switch of the coordination goes beyond them.
 *
 * @since 0.1.0
 */
export interface EachOptions<From, Item, Tolerate, Kind, Out> {
  /** Gives the list. Synchronous and pure: called again, as after a crash, it gives the same list, or the step fails. */
  readonly over: (sources: From) => readonly Item[];
  /** How many items are worked on at a time, at most. Default: 8. The agent's own `concurrency` bounds them too. */
  readonly concurrency?: number;
  /** How long the list may be: with a longer one, the step fails as `too-many-items`. Default: 1,000. At most a million. */
  readonly max?: number;
  /**
   * How many items may fail for good without failing the run: so many, a `share` of all from 0 to 1, or `"all"`. With it, the output has an
   * {@link ItemResult} for each item. Default: none may, and the output has the outputs themselves.
   */
  readonly tolerate?: Tolerate;
  /**
   * Gives the output of an item whose agent has failed for good, in place of the agent: synchronous and pure, from what the item's mapping gets
   * and the error. Such an item has not failed, so that it doesn't count for `tolerate`. Otherwise as {@link StepOptions.fallback}. Where a workflow does the items,
   * its steps have fallbacks, and this has none.
   */
  readonly fallback?: (
    sources: From & { readonly item: NoInfer<Item>; readonly index: number },
    error: unknown,
  ) => StandIn<Kind, Out>;
}

/** What a fallback gives. A workflow has none: its own steps have. */
type StandIn<Kind, Out> = Kind extends "workflow"
  ? "the items are workflows: give the fallback to their steps"
  : ReadonlyParts<Out>;

/**
 * Why an item failed. It is data, so a mapping may pass it on to an agent.
 *
 * @since 0.1.0
 */
export interface ItemError {
  readonly name: string;
  readonly message: string;
  readonly code?: string | number;
}

/**
 * What came of an item of an each that tolerates failures.
 *
 * @since 0.1.0
 */
export type ItemResult<Out> =
  | { readonly output: Out; readonly error?: never }
  | { readonly error: ItemError; readonly output?: never };

/** The output of an each. */
export type Results<Out, Tolerate extends Tolerance> = [Tolerate] extends [never]
  ? readonly Out[]
  : readonly ItemResult<Out>[];
