/** What a process holds while it does nothing. */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** The heap of this thread in bytes, and its timers, once the garbage is gone. */
export function standing(): { readonly heap: number; readonly timers: number } {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let round = 0; round < 3; round++) collect();
  const timers = process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  return { heap: process.memoryUsage().heapUsed, timers };
}
