/** The time of day, which people read, by a clock whose milliseconds never jump. */

import type { Clock } from "../ports/clock.ts";

/** What tells the time of day. */
export type TimeSource = Pick<Clock, "now" | "jumped">;

/** Milliseconds since the epoch, as the machine's clock has it now. */
export function timeOfDay(clock: TimeSource): number {
  return clock.now() + clock.jumped();
}

/** A time in the clock's milliseconds, such as a deadline, in milliseconds since the epoch as the machine's clock counts now. */
export function toTimeOfDay(clock: TimeSource, at: number): number {
  return at + clock.jumped();
}

/** The counterpart of {@link toTimeOfDay}. Convert a time once: after another jump it would be another. */
export function fromTimeOfDay(clock: TimeSource, time: number): number {
  return time - clock.jumped();
}
