/** What a queue allows, and the check of what was given. */

import * as v from "valibot";
import { checkOptions } from "../../contracts/check-options.ts";

/**
 * How many runs may go on and wait.
 *
 * @since 0.1.0
 */
export interface RunLimits {
  /** How many runs go on at a time, from their release to their end, also while they wait for an answer or are undone. Default: any number. */
  readonly concurrency?: number;
  /** At most so many runs are released within any `period` milliseconds. Up to 1,000. Default: any number. */
  readonly rate?: { readonly runs: number; readonly period: number };
  /** How many runs may wait; a further one is refused as `queue-full`. Default: 10,000 in all, and as many of one key. */
  readonly waiting?: number;
}

/**
 * What a queue allows: in all, and for each key.
 *
 * @since 0.1.0
 */
export interface QueueOptions {
  /** For all its runs together. */
  readonly all?: RunLimits;
  /** For the runs of each key, such as those of one tenant. */
  readonly perKey?: RunLimits;
}

/** How many runs may wait in a queue whose options don't say. */
export const defaultWaiting = 10_000;

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const limits = v.strictObject({
  concurrency: v.optional(count),
  rate: v.optional(
    v.strictObject({ runs: v.pipe(count, v.maxValue(1_000)), period: v.pipe(v.number(), v.finite(), v.minValue(1)) }),
  ),
  waiting: v.optional(count),
});
const schema = v.strictObject({ all: v.optional(limits), perKey: v.optional(limits) });

/** @throws TroupeError `invalid-options` that names the option, what was expected and what was given. */
export function checkQueueOptions(options: QueueOptions): void {
  checkOptions("queues.set", schema, options);
}
