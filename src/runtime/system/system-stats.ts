/** How a system stands: what its threads report of themselves, and what it counts. */

import type { HostId } from "../../actors/address.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import type { HomeHost } from "../host/home-host.ts";
import type { ActorRegistry } from "../registry/actor-registry.ts";
import type { TraceCollector } from "../telemetry/trace-collector.ts";
import type { Runs } from "../workflows/runs.ts";
import type { ThreadRoster } from "../threads/thread-roster.ts";
import type { SystemStats } from "./system.ts";

type ThreadStats = SystemStats["threads"][number];

type Roster = Pick<ThreadRoster, "ids" | "thread">;

/** Asks the parts of a system how they stand; `traces` is absent where nothing is traced. */
export async function systemStats(
  roster: Roster,
  registry: Pick<ActorRegistry, "size">,
  home: HomeHost,
  runs: Pick<Runs, "counts">,
  traces: Pick<TraceCollector, "stats"> | undefined,
): Promise<SystemStats> {
  const known = await threadStats(roster);
  const own = [...home.host.cells.values()].reduce((sum, cell) => sum + cell.waiting, 0);
  return {
    actors: registry.size,
    waiting: known.reduce((sum, { waiting }) => sum + waiting, own),
    commits: home.authority.position,
    runs: runs.counts,
    threads: known,
    deadLetters: Object.fromEntries(home.deadLetterCounts),
    ...(traces === undefined ? {} : { telemetry: traces.stats }),
  };
}

/** Leaves out a thread that dies meanwhile. */
async function threadStats(roster: Roster): Promise<readonly ThreadStats[]> {
  const threads = await Promise.all(roster.ids.map((thread) => statsOf(roster, thread)));
  return threads.filter((one) => one !== undefined);
}

async function statsOf(roster: Pick<ThreadRoster, "thread">, thread: HostId): Promise<ThreadStats | undefined> {
  try {
    const stats = await roster.thread(thread)?.control.stats();
    return stats === undefined ? undefined : { thread, ...stats };
  } catch (error) {
    if (isTroupeError(error, "thread-died")) return undefined;
    throw error;
  }
}
