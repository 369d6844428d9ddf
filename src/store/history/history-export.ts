/** A key's whole history as JSON Lines: the form that `history-import.ts` reads. */

import { TroupeError } from "../../errors/troupe-error.ts";
import { toLosslessJson } from "../../values/lossless-json.ts";
import { diffStates } from "../versions/diff-states.ts";
import { resolveHistoryRange } from "../versions/history-range.ts";
import { metaOf } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";
import type { StoreAccess } from "../versions/store-access.ts";
import { historyPages } from "./history-pages.ts";

/** The version of the format; a reader refuses any other. */
export const historyFormat = 1;

/**
 * The lines, without line breaks: a header, the oldest version with its state, then each later one with the patches
 * from the one before. Values that JSON can't write are marked; see `lossless-json.ts`.
 *
 * A history that was erased begins with its tombstone, which has neither. Such a one can be read, and not imported.
 *
 * Guarantees: apart from positions, the same history gives the same text, whatever journal keeps it.
 *
 * @throws TroupeError `no-such-key` for a key without a version.
 */
export async function* exportHistory(
  access: Pick<StoreAccess, "extent" | "history">,
  key: StateKey,
): AsyncGenerator<string, void> {
  const extent = await access.extent(key);
  if (extent === undefined) {
    throw new TroupeError("no-such-key", `${key} has no version, so there is nothing to export. Check its name.`, {
      details: { key },
    });
  }
  const { oldest, newest } = extent;
  yield JSON.stringify({ troupe: "history", format: historyFormat, key, oldest, newest });
  const pages = historyPages((options) => access.history(key, resolveHistoryRange(options)), {
    from: oldest,
    to: newest,
  });
  let last: unknown;
  for await (const page of pages) {
    for (const snapshot of page) {
      const { key: _, ...meta } = metaOf(snapshot);
      const { version, state } = snapshot;
      const change = version === oldest ? { state } : { patches: diffStates(last, state) };
      yield toLosslessJson(snapshot.erased === undefined ? { ...meta, ...change } : meta);
      last = state;
    }
  }
}
