/** How an actor is told to stop. */

import { TroupeError } from "../errors/troupe-error.ts";
import { shown } from "../values/shown.ts";

/**
 * How an actor ends: handling what waits first, or leaving it as dead letters.
 *
 * @since 0.1.0
 */
export type StopMode = "drain" | "discard";

/** @throws TroupeError `invalid-options` for anything else than a mode. */
export function checkStopMode(mode: StopMode): void {
  if (mode === "drain" || mode === "discard") return;
  throw new TroupeError("invalid-options", `stop: the mode is "discard" or "drain", not ${shown(mode)}`);
}
