/** How a run joins a queue, and the check of what was given. */

import * as v from "valibot";
import { mostPriority } from "./rank.ts";

/**
 * Which queue a run waits in. `key` is what it is counted with, by default its tenant; of the runs that wait, the one of the highest `priority` comes first.
 *
 * @since 0.1.0
 */
export interface QueueChoice {
  readonly name: string;
  readonly key?: string;
  readonly priority?: number;
}

/** How a run joins a queue. */
export interface Joining {
  readonly name: string;
  readonly key: string;
  readonly priority?: number | undefined;
}

/** As long as the name of a tenant may be. */
const longestKey = 256;

export const queueChoiceSchema = v.strictObject({
  name: v.pipe(v.string(), v.nonEmpty()),
  key: v.optional(v.pipe(v.string(), v.maxLength(longestKey))),
  priority: v.optional(v.pipe(v.number(), v.integer(), v.minValue(-mostPriority), v.maxValue(mostPriority))),
});
