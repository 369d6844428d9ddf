/** Which versions of a key to read. */

import { TroupeError } from "../errors/troupe-error.ts";

export interface HistoryOptions {
  /** The lowest version. Default 1. */
  readonly from?: number;
  /** The highest version, inclusive. Default: the newest. */
  readonly to?: number;
  /** At most so many, counted in the order asked for. Default: all. */
  readonly limit?: number;
  /** Default `"oldest-first"`. */
  readonly order?: "oldest-first" | "newest-first";
}

export type HistoryRange = Required<HistoryOptions>;

const wholeHistory: HistoryRange = {
  from: 1,
  to: Number.MAX_SAFE_INTEGER,
  limit: Number.MAX_SAFE_INTEGER,
  order: "oldest-first",
};

/** Fills in the defaults. @throws TroupeError `invalid-options` for a bound that is no whole number from 1. */
export function resolveHistoryRange(options: HistoryOptions = {}): HistoryRange {
  const range = { ...wholeHistory, ...options };
  for (const field of ["from", "to", "limit"] as const) {
    if (!Number.isSafeInteger(range[field]) || range[field] < 1) {
      throw new TroupeError(
        "invalid-options",
        `history: ${field} is a whole number from 1, not ${String(range[field])}`,
      );
    }
  }
  return range;
}

/** The versions of a range that a key with versions 1 to `newest` has, lowest and highest; lowest > highest for none. */
export function versionsIn(range: HistoryRange, newest: number): { readonly lowest: number; readonly highest: number } {
  const highest = Math.min(range.to, newest);
  if (range.order === "oldest-first")
    return { lowest: range.from, highest: Math.min(highest, range.from + range.limit - 1) };
  return { lowest: Math.max(range.from, highest - range.limit + 1), highest };
}
