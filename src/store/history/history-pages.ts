/** Reads a long history page by page, so that it is never in memory as a whole. */

import type { HistoryOptions } from "../versions/history-range.ts";
import type { Snapshot } from "../versions/snapshot.ts";

const pageSize = 64;

/**
 * The versions that `options` select, in their order, in pages of at most 64. Versions committed meanwhile come last
 * with `"oldest-first"`, and aren't included with `"newest-first"`.
 */
export async function* historyPages<S>(
  read: (options: HistoryOptions) => Promise<readonly Snapshot<S>[]>,
  options: HistoryOptions,
): AsyncGenerator<readonly Snapshot<S>[], void> {
  const { limit = Number.MAX_SAFE_INTEGER, order = "oldest-first" } = options;
  let next: HistoryOptions = options;
  for (let left = limit; left > 0;) {
    const wanted = Math.min(left, pageSize);
    const page = await read({ ...next, limit: wanted });
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    if (page.length < wanted) return;
    left -= page.length;
    next = { ...next, ...(order === "oldest-first" ? { from: last.version + 1 } : { to: last.version - 1 }) };
  }
}
