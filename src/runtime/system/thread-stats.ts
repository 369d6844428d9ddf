/** What each thread of a system reports of itself. */

import type { HostId } from "../../actors/address.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import type { ThreadRoster } from "../threads/thread-roster.ts";
import type { SystemStats } from "./system.ts";

type ThreadStats = SystemStats["threads"][number];

/** Leaves out a thread that dies meanwhile. */
export async function threadStats(roster: Pick<ThreadRoster, "ids" | "thread">): Promise<readonly ThreadStats[]> {
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
