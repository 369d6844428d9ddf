/** What orders the runs that wait in a queue. */

import type { QueuedIn } from "../history/run-event.ts";

/** One step of priority, in milliseconds: until the year 2109, more than have passed since the epoch. */
const step = 2 ** 42;

/** The most that a priority may be, in either direction, for {@link rankOf} to be exact. */
export const mostPriority = 1_000;

/** What orders the runs of a queue: the lowest is released first. */
export function rankOf({ priority = 0, since }: QueuedIn): number {
  return since - priority * step;
}
