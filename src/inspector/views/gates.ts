/** What stands in front of agents: their breakers, with how they came to be as they are. */

import { type BreakerRecord, breakerState } from "../../agents/policies/breaker-record.ts";
import { resolveHistoryRange } from "../../store/versions/history-range.ts";
import { stateKey } from "../../store/versions/state-key.ts";
import type { Looking, View } from "./view.ts";

interface Change {
  readonly version: number;
  readonly time: number;
  readonly status: BreakerRecord["status"];
  /** In words; absent for one that closed. */
  readonly why?: string;
  readonly retryAt?: number;
}

export interface GatesData {
  readonly gates: readonly {
    readonly agent: string;
    readonly status: BreakerRecord["status"];
    /** How often it has opened since it was last closed. */
    readonly openings: number;
    /** The newest first. */
    readonly changes: readonly Change[];
  }[];
}

/** How many breakers, and how many changes of each, are shown. */
const most = 200;
const mostChanges = 20;

const prefix = stateKey(breakerState, "");

export const gates: View<GatesData> = () => async (at) => {
  const reader = at.inspected.reader();
  return {
    gates: await Promise.all(
      (await breakersOf(at)).map(async ({ agent, breaker }) => {
        const range = resolveHistoryRange({ order: "newest-first", limit: mostChanges });
        const versions = await reader.history(prefix + agent, range);
        return {
          agent,
          status: breaker.status,
          openings: breaker.status === "closed" ? 0 : breaker.openings,
          changes: versions.map(({ version, time, state }) => changeOf(at, version, time, state as BreakerRecord)),
        };
      }),
    ),
  };
};

/** The breakers that have ever changed. */
export async function breakersOf({
  inspected,
}: Looking): Promise<readonly { agent: string; breaker: BreakerRecord }[]> {
  const reader = inspected.reader();
  const found = [];
  for (const key of (await reader.keys(prefix)).slice(0, most)) {
    const newest = await reader.stored(key);
    if (newest === undefined || newest.erased !== undefined) continue;
    found.push({ agent: key.slice(prefix.length), breaker: newest.state as BreakerRecord });
  }
  return found;
}

function changeOf({ content }: Looking, version: number, time: number, breaker: BreakerRecord): Change {
  if (breaker.status === "closed") return { version, time, status: "closed" };
  const { status, retryAt, why } = breaker;
  const last = content.text("exception.message", why.last);
  return {
    version,
    time,
    status,
    retryAt,
    why: `${why.rule}: ${why.failures} of ${why.calls} calls failed, last: ${last}`,
  };
}
