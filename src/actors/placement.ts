/** Where actors run. */

import { shown } from "../values/shown.ts";

/**
 * Where an actor runs: on the pooled thread with the fewest actors, on a thread of its own, or on the thread with a given
 * number. Thread 0 is the thread that made the system.
 *
 * @since 0.1.0
 */
export type Placement = "pooled" | "dedicated" | { readonly thread: number };

/** What a placement is, in errors. */
export const placementRule = '"pooled", "dedicated" or { thread: number }';

/** What is wrong with a placement, whichever threads there are; `undefined` for nothing. */
export function placementProblem(placement: Placement): string | undefined {
  if (placement === "pooled" || placement === "dedicated") return undefined;
  const isNamed = typeof placement === "object" && placement !== null && typeof placement.thread === "number";
  return isNamed ? undefined : `placement is ${placementRule}, not ${shown(placement)}`;
}
