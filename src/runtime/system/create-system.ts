/** Starts a system on the ports of Node.js. */

import { TroupeError } from "../../errors/troupe-error.ts";
import { checkThreadFiles } from "../threads/thread-files.ts";
import { threadMark } from "../threads/thread-mark.ts";
import type { System } from "./system.ts";
import type { SystemOptions } from "./system-options.ts";

/**
 * Starts a system: its threads, their links, its store.
 *
 * Guarantees: when it resolves, every pooled thread answers; agents' threads see an empty `process.env` but for the
 * variables named in `env`, and those of the tools that the process runs under; `close()` leaves no handle open.
 *
 * @throws TroupeError (as a rejection) `invalid-options` that names the option, or says that the package itself was bundled;
 * `thread-died` when a thread can't start; `no-such-run` for a run that `recover` names; whatever the promise of a journal
 * rejects with; whatever `setup` throws. A `standby` rejects with neither of the two, as it resolves before.
 * @example
 * await using system = await createSystem({ threads: 2 });
 * const ref = await system.spawn(counter);
 * await ref.tell("add", { by: 2 });
 * @since 0.1.0
 */
export async function createSystem(options: SystemOptions = {}): Promise<System> {
  checkMayCreate("createSystem");
  // Threads import this module too, since modules of definitions do. They start no system, and start faster without.
  const { startSystem } = await import("./start-system.ts");
  return startSystem(options);
}

/**
 * Checks that systems can be made here.
 *
 * @param caller the function that was called, as errors name it.
 * @throws TroupeError `invalid-options` on a thread of a system, and where the package was bundled.
 */
export function checkMayCreate(caller: string): void {
  if (Reflect.has(globalThis, threadMark)) {
    throw new TroupeError(
      "invalid-options",
      `${caller} was called on a thread of a system: a module with definitions is loaded there as well. Start the system in a module of its own; for a bundler, make each of the two an entry point, with splitting.`,
    );
  }
  checkThreadFiles(); // before piscina is imported, which can't be loaded from a bundle either
}
