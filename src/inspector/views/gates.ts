/** What stands in front of agents: their breakers, with how they came to be as they are, their limits and bulkheads; and the queues of runs. */

import { type BreakerRecord, breakerState } from "../../agents/policies/breaker-record.ts";
import type { GateView } from "../../agents/policies/gate-view.ts";
import { resolveHistoryRange } from "../../store/versions/history-range.ts";
import { stateKey } from "../../store/versions/state-key.ts";
import { type ShownQueue, shownQueues } from "./queues.ts";
import type { Looking, View } from "./view.ts";

interface Change {
  readonly version: number;
  readonly time: number;
  readonly status: BreakerRecord["status"];
  /** In words; absent for one that closed. */
  readonly why?: string;
  readonly retryAt?: number;
}

export interface ShownGate {
  readonly agent: string;
  readonly status: BreakerRecord["status"];
  /** How often it has opened since it was last closed. */
  readonly openings: number;
  /** Of the breaker, the newest first. */
  readonly changes: readonly Change[];
  /** How it stands, with its limits; absent for one that no system here has. */
  readonly now?: GateView;
}

export interface GatesData {
  readonly gates: readonly ShownGate[];
  readonly queues: readonly ShownQueue[];
}

/** How many breakers, and how many changes of each, are shown. */
const most = 200;
const mostChanges = 20;

const prefix = stateKey(breakerState, "");

export const gates: View<GatesData> = () => async (at) => {
  const views = new Map(at.inspected.live?.gates().map(({ agent, ...view }) => [agent, view]));
  const breakers = new Map((await breakersOf(at)).map(({ agent, breaker }) => [agent, breaker]));
  const agents = [...new Set([...breakers.keys(), ...views.keys()])].slice(0, most);
  return {
    gates: await Promise.all(agents.map((agent) => shownGate(at, agent, breakers.get(agent), views.get(agent)))),
    queues: await shownQueues(at),
  };
};

async function shownGate(
  at: Looking,
  agent: string,
  breaker: BreakerRecord | undefined,
  now: GateView | undefined,
): Promise<ShownGate> {
  const range = resolveHistoryRange({ order: "newest-first", limit: mostChanges });
  const versions = breaker === undefined ? [] : await at.inspected.reader().history(prefix + agent, range);
  const changes = versions.filter(({ erased }) => erased === undefined);
  return {
    agent,
    status: now?.breaker ?? breaker?.status ?? "closed",
    openings: breaker === undefined || breaker.status === "closed" ? 0 : breaker.openings,
    changes: changes.map(({ version, time, state }) => changeOf(at, version, time, state as BreakerRecord)),
    ...(now === undefined ? {} : { now }),
  };
}

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
