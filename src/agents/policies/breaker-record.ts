/** A breaker as the store keeps it: the key `breaker/<agent's name>`, a version for each change of status. */

import * as v from "valibot";
import { defineFamily } from "../../store/versions/define-state.ts";
import type { StateDefinition } from "../../store/versions/state-definition.ts";
import { type BreakerState, closedBreaker, type OpenedBecause } from "./breaker.ts";

/**
 * A breaker after a change of status. The version's time says when it changed.
 *
 * @since 0.1.0
 */
export type BreakerRecord =
  | { readonly status: "closed" }
  | {
      readonly status: "open" | "half-open";
      /** Why it opened. */
      readonly why: OpenedBecause;
      /** When calls are let through again to try it, in milliseconds since the epoch. */
      readonly retryAt: number;
      /** How often it has opened since it was last closed. */
      readonly openings: number;
    };

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const tripped = {
  why: v.strictObject({
    rule: v.picklist(["consecutive-failures", "failure-rate", "probe-failed"]),
    failures: count,
    calls: count,
    last: v.string(),
  }),
  retryAt: v.number(),
  openings: count,
};

/**
 * The key `breaker/<agent's name>`. Only the system should write it: a commit from elsewhere doesn't change a breaker
 * in use.
 *
 * @example
 * for (const { state, time } of await system.store.history(breakerState, "credit-score")) console.log(time, state.status);
 * @since 0.1.0
 */
export const breakerState: StateDefinition<BreakerRecord> = defineFamily({
  name: "breaker",
  version: 1,
  schema: v.variant("status", [
    v.strictObject({ status: v.literal("closed") }),
    v.strictObject({ status: v.picklist(["open", "half-open"]), ...tripped }),
  ]),
  initial: () => ({ status: "closed" }),
});

/** The record of a breaker. `dated` turns the clock's milliseconds, by default the present ones, into a time of day. */
export function recordOf(breaker: BreakerState, dated: (at?: number) => number): BreakerRecord {
  if (breaker.status === "closed") return { status: "closed" };
  const { status, why, openings } = breaker;
  return { status, why, openings, retryAt: dated(breaker.status === "open" ? breaker.retryAt : undefined) };
}

/**
 * Restores the breaker after a restart. A half-open one becomes open and may be tried at once, since the outcome of its
 * probes is unknown. `undated` turns a time of day into the clock's milliseconds.
 */
export function breakerFrom(record: BreakerRecord, undated: (time: number) => number): BreakerState {
  if (record.status === "closed") return closedBreaker;
  const { why, retryAt, openings } = record;
  return { status: "open", generation: 0, why, retryAt: undated(retryAt), openings };
}
