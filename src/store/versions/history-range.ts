/** Which versions of a key to read. */

import { TroupeError } from "../../errors/troupe-error.ts";
import { runCause } from "./cause.ts";
import type { SnapshotMeta } from "./snapshot.ts";

/**
 * A page of a key's history, and which versions count. The next page begins after the last version of this one: at `from`
 * one higher with `"oldest-first"`, at `to` one lower with `"newest-first"`; a page with fewer than `limit` is the last.
 *
 * @since 0.1.0
 */
export interface HistoryOptions {
  /** The lowest version. Default: the oldest that is kept. */
  readonly from?: number;
  /** The highest version, inclusive; the one right below the oldest that is kept, such as 0, gives none. Default: the newest. */
  readonly to?: number;
  /** At most so many of those that count, in the order asked for. Default: all. */
  readonly limit?: number;
  /** Default `"oldest-first"`. */
  readonly order?: "oldest-first" | "newest-first";
  /** Only what this author committed. Default: anybody. */
  readonly author?: string;
  /** Only what the steps of this run committed, by the run's id. Default: whatever it was for. */
  readonly run?: string;
  /** Only what was committed at this time or later, in milliseconds since the epoch. Default: any time. */
  readonly since?: number;
  /** Only what was committed at this time or earlier, in milliseconds since the epoch. Default: any time. */
  readonly until?: number;
}

/** {@link HistoryOptions} with their defaults; what is absent does not matter. */
export interface HistoryRange extends Pick<HistoryOptions, "from" | "author" | "since" | "until"> {
  readonly to: number;
  readonly limit: number;
  readonly order: "oldest-first" | "newest-first";
  readonly cause?: string;
}

/** Fills in the defaults. @throws TroupeError `invalid-options` for a bound that makes no sense. */
export function resolveHistoryRange(options: HistoryOptions = {}): HistoryRange {
  const { from, to = Number.MAX_SAFE_INTEGER, limit = Number.MAX_SAFE_INTEGER, order = "oldest-first" } = options;
  const { author, run, since, until } = options;
  if (from !== undefined) checkCount("from", from, 1);
  checkCount("to", to, 0);
  checkCount("limit", limit, 1);
  if (since !== undefined) checkTime("since", since);
  if (until !== undefined) checkTime("until", until);
  return {
    to,
    limit,
    order,
    ...(from === undefined ? {} : { from }),
    ...(author === undefined ? {} : { author }),
    ...(run === undefined ? {} : { cause: runCause(run) }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
}

/** The versions of a range that a key with versions `oldest` to `newest` has, the limit aside; lowest > highest for none. */
export function boundsOf(
  range: HistoryRange,
  oldest: number,
  newest: number,
): { readonly lowest: number; readonly highest: number } {
  return { lowest: Math.max(range.from ?? oldest, oldest), highest: Math.min(range.to, newest) };
}

/** True for a range in which not every version counts. */
export function isFiltered({ author, cause, since, until }: HistoryRange): boolean {
  return author !== undefined || cause !== undefined || since !== undefined || until !== undefined;
}

/** True for a version that counts. */
export function counts(meta: SnapshotMeta, { author, cause, since, until }: HistoryRange): boolean {
  return (
    (author === undefined || meta.author === author) &&
    (cause === undefined || meta.cause === cause) &&
    (since === undefined || meta.time >= since) &&
    (until === undefined || meta.time <= until)
  );
}

function checkCount(field: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new TroupeError("invalid-options", `history: ${field} is a whole number from ${least}, not ${String(value)}`);
}

function checkTime(field: string, value: number): void {
  if (Number.isFinite(value)) return;
  throw new TroupeError(
    "invalid-options",
    `history: ${field} is a time in milliseconds since the epoch, not ${String(value)}`,
  );
}
