/** A moment, as a schedule is told of it, and as the ids of runs have it. */

import * as v from "valibot";

/** The latest time that a date can have. */
export const lastDate = 8.64e15;

/** A date, or milliseconds since the epoch. */
export const momentSchema = v.custom<Date | number>(
  (given) => {
    const time = given instanceof Date ? given.getTime() : given;
    return typeof time === "number" && Math.abs(time) <= lastDate;
  },
  ({ received }) => `expected a date, or milliseconds since the epoch, received ${received}`,
);

/** `2026-01-31T02:00:00Z`; with milliseconds where there are any. */
export function timeText(time: number): string {
  return new Date(time).toISOString().replace(".000Z", "Z");
}
