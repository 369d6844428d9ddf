/** What can be the time of a commit. */

/** The last time that a `Date` can have, in milliseconds since the epoch: in the year 275760. */
const lastDate = 8.64e15;

/** True for a number that can be the time of a commit: from the epoch to {@link lastDate}. */
export function isCommitTime(time: number): boolean {
  return time >= 0 && time <= lastDate;
}
