/** Threads that are open before the system is there that they are for. */

import type { HostId } from "../../actors/address.ts";
import type { HostSettings } from "../host/host-settings.ts";
import type { HostThread, HostThreads } from "./host-threads.ts";

/**
 * Opens a thread for each of the settings. Resolves, when all of them answer, to threads that give these away where they are asked for one of that id, and else open
 * another one. One that dies meanwhile is forgotten; `close` kills the rest.
 *
 * @throws the error (as a rejection) with which one of them could not be opened; none is left then.
 */
export async function threadsAhead(threads: HostThreads, all: readonly HostSettings[]): Promise<HostThreads> {
  const waiting = new Map<HostId, HostThread>();
  const close = async (): Promise<void> => {
    await Promise.all([...waiting.values()].map(async (thread) => thread.kill()));
    await threads.close();
  };
  const opened = await Promise.allSettled(
    all.map(async (settings) => {
      const thread = await threads.open(settings);
      waiting.set(settings.id, thread);
      void thread.exit.then(() => waiting.delete(settings.id));
    }),
  );
  const failed = opened.find((one) => one.status === "rejected");
  if (failed !== undefined) {
    await close();
    throw failed.reason;
  }
  return {
    ...threads,
    async open(settings) {
      const thread = waiting.get(settings.id);
      waiting.delete(settings.id);
      return thread ?? threads.open(settings);
    },
    close,
  };
}
