/** Shuts a system down when the process is asked to end, and then lets it end as it was asked to. */

import { causesOf } from "../../errors/caught.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import type { Signals, ShutdownSignal } from "../../ports/signals.ts";
import type { System } from "./system.ts";

/** True for what code that waits for the system is told once it is closed: at a program's top level, there is no code to handle it. */
function isEndOfSystem(error: unknown): boolean {
  for (const cause of causesOf(error)) if (isTroupeError(cause, "system-closed")) return true;
  return false;
}

/**
 * Listens from now on, also while the system starts, until it is closed. A second signal ends the process at once.
 *
 * Where others listen to a signal as well, such as another system of the process, the end is up to them once this one is shut
 * down: the last to stop listening ends the process.
 */
export function shutdownOnSignal(
  starting: Promise<Pick<System, "shutdown" | "events$">>,
  on: readonly ShutdownSignal[],
  signals: Signals,
): void {
  let isEnding = false;
  const stop = signals.listen(on, (signal) => {
    if (isEnding) return signals.end(signal);
    isEnding = true;
    signals.spare(isEndOfSystem);
    void shutDown(signal); // what goes wrong with it is an unhandled rejection, and ends the process as one
  });
  const shutDown = async (signal: ShutdownSignal): Promise<void> => {
    const system = await starting.catch(() => undefined); // the caller of createSystem gets the error
    await system?.shutdown();
    if (!signals.isHeard(signal)) signals.end(signal);
  };
  starting.then(({ events$ }) => events$.subscribe({ complete: stop }), stop);
}
