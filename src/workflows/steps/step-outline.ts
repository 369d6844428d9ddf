/** What a run's history has of its steps from the start on: the workflow without its code. Pure. */

import type { Tolerance } from "../definition/workflow-definition.ts";

/**
 * A step as its run's history keeps it: enough to judge events without the workflow's code.
 *
 * @experimental
 * @since 0.1.0
 */
export interface StepOutline {
  /** Its path: the name of a sub-workflow's step begins with the sub-workflow's name and a slash. It comes after the sub-workflow in the outline. */
  readonly name: string;
  /** The agent that does it, such as `credit-score@1.0.0`; absent for a step that no agent does. */
  readonly agent?: string;
  /** Present for a step that no agent does: it waits for an answer, or for a time, or its parts are done: those of a sub-workflow, an each or a loop. */
  readonly kind?: "wait" | "pause" | "workflow" | "each" | "loop";
  /** Present for an each: what bounds it, and what each of its items is. */
  readonly each?: EachOutline;
  /** Present for a loop: what bounds it, and what its rounds are. */
  readonly loop?: LoopOutline;
  readonly after: readonly string[];
  /** Those of `after` that have to finish; absent for none. */
  readonly needs?: readonly string[];
  /** Present when its definition says whether it is done. */
  readonly isConditional?: true;
  /** True when the agent can undo it. */
  readonly compensable: boolean;
  /** Present when the agent can undo a step whose effects are unknown. */
  readonly undoesUnknown?: true;
  /** Present for the point of no return: once it has finished, the run isn't undone any more. */
  readonly isPivot?: true;
  /** A hash of the schema that has parsed what is recorded of it: its agent's output, its answers or messages, or a sub-workflow's input. */
  readonly contract?: string;
  /** Present for an item or a round that is a workflow: its steps, by their paths in it. */
  readonly body?: readonly StepOutline[];
  /** Present for a step that the run's definition has no more: it is only there to be undone. */
  readonly isRetired?: true;
}

/**
 * An each as its run's history keeps it.
 *
 * @experimental
 * @since 0.1.0
 */
export interface EachOutline {
  readonly concurrency: number;
  readonly max: number;
  /** Absent for none. */
  readonly tolerate?: Tolerance;
  /** The outline of any item: all are alike. */
  readonly item: StepOutline;
}

/**
 * A loop as its run's history keeps it.
 *
 * @experimental
 * @since 0.1.0
 */
export interface LoopOutline {
  readonly max: number;
  /** Present when it takes messages. */
  readonly hasInbox?: true;
  /** The outline of a round, by the name that its agent has in the loop. */
  readonly rounds: Readonly<Record<string, StepOutline>>;
}

/**
 * The list of an each: how many items it has, and a hash of them, by which a list that is made again is known.
 *
 * @experimental
 * @since 0.1.0
 */
export interface ItemsOf {
  readonly count: number;
  readonly digest: string;
}

/** How many items of an each may fail for good. */
export function toleratedOf(tolerance: Tolerance | undefined, count: number): number {
  if (tolerance === undefined) return 0;
  if (tolerance === "all") return count;
  return typeof tolerance === "number" ? tolerance : tolerance.share * count;
}
