/** The first version of a key for which something holds. */

import { readVersion } from "../../store/history/read-version.ts";
import { bisect as search } from "../../store/travel/bisect.ts";
import { conditionOf } from "./condition.ts";
import { extentOf, type ShownVersion, shownVersion, stateAttribute } from "./state.ts";
import type { View } from "./view.ts";

export interface BisectData {
  /** The versions among which it was looked. */
  readonly oldest: number;
  readonly newest: number;
  /** The first for which the condition holds; absent if it holds for none. */
  readonly found?: ShownVersion;
  /** Those that were read, in that order, and whether it holds for each. */
  readonly read: readonly { readonly version: number; readonly holds: boolean }[];
}

export const bisect: View<BisectData> = (query) => {
  const name = query.required("key");
  const holds = conditionOf(query.required("condition"));
  return async ({ inspected, content }) => {
    const reader = inspected.reader();
    const extent = await extentOf(reader, name);
    const oldest = extent.tombstone === undefined ? extent.oldest : extent.oldest + 1;
    const read: { version: number; holds: boolean }[] = [];
    const found = await search(
      oldest,
      extent.newest,
      (version) => readVersion(reader, name, version),
      ({ version, state }) => {
        // what may not be seen can't be asked for either
        const answer = holds(content.value(stateAttribute, state));
        read.push({ version, holds: answer });
        return answer;
      },
    );
    return { oldest, newest: extent.newest, ...(found === undefined ? {} : { found: shownVersion(found) }), read };
  };
};
