/** Selects versions of a key to read. */

import * as v from "valibot";
import { TroupeError } from "../../errors/troupe-error.ts";
import { runCause } from "./cause.ts";
import type { SnapshotMeta } from "./snapshot.ts";
import { checkOptions } from "../../contracts/check-options.ts";
import { shown } from "../../values/shown.ts";

/**
 * A page of a key's history, and a filter of versions. The next page begins after the last version of this one: set
 * `from` one higher with `"oldest-first"`, or `to` one lower with `"newest-first"`. A page with fewer than `limit`
 * versions is the last.
 *
 * @since 0.1.0
 */
export interface HistoryOptions {
  /** The lowest version. Default: the oldest that is kept. */
  readonly from?: number;
  /**
   * The highest version, inclusive. The one right below the oldest that is kept, such as 0, selects none. Default: the
   * newest.
   */
  readonly to?: number;
  /** At most this many of the selected versions, in the given order. Default: all. */
  readonly limit?: number;
  /** Default `"oldest-first"`. */
  readonly order?: "oldest-first" | "newest-first";
  /** Only commits of this author. Default: any author. */
  readonly author?: string;
  /** Only commits of this run's steps, by the run's id. Default: any commit. */
  readonly run?: string;
  /** Only commits at this time or later, in milliseconds since the epoch. Default: any time. */
  readonly since?: number;
  /** Only commits at this time or earlier, in milliseconds since the epoch. Default: any time. */
  readonly until?: number;
}

/** {@link HistoryOptions} with their defaults; an absent field selects every version. */
export interface HistoryRange extends Pick<HistoryOptions, "from" | "author" | "since" | "until"> {
  readonly to: number;
  readonly limit: number;
  readonly order: "oldest-first" | "newest-first";
  readonly cause?: string;
}

/** Of bounds and times, `checkCount` and `checkTime` say what is wrong. */
const schema = v.strictObject({
  from: v.optional(v.unknown()),
  to: v.optional(v.unknown()),
  limit: v.optional(v.unknown()),
  order: v.optional(v.picklist(["oldest-first", "newest-first"])),
  author: v.optional(v.string()),
  run: v.optional(v.string()),
  since: v.optional(v.unknown()),
  until: v.optional(v.unknown()),
});

/** Fills in the defaults. @throws TroupeError `invalid-options` for an invalid bound. */
export function resolveHistoryRange(options: HistoryOptions = {}): HistoryRange {
  checkOptions("history", schema, options);
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

/**
 * The bounds of a range for a key with versions `oldest` to `newest`, without regard to the limit; lowest > highest if
 * the range is empty.
 */
export function boundsOf(
  range: HistoryRange,
  oldest: number,
  newest: number,
): { readonly lowest: number; readonly highest: number } {
  return { lowest: Math.max(range.from ?? oldest, oldest), highest: Math.min(range.to, newest) };
}

/** True for a range with a filter, so that not every version is selected. */
export function isFiltered({ author, cause, since, until }: HistoryRange): boolean {
  return author !== undefined || cause !== undefined || since !== undefined || until !== undefined;
}

/** True for a version that the filter selects. */
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
  throw new TroupeError("invalid-options", `history: ${field} is a whole number from ${least}, not ${shown(value)}`);
}

function checkTime(field: string, value: number): void {
  if (Number.isFinite(value)) return;
  throw new TroupeError(
    "invalid-options",
    `history: ${field} is a time in milliseconds since the epoch, not ${shown(value)}`,
  );
}
