/** How long a caller waits for an actor to stop. */

import type { Address } from "../../actors/address.ts";
import { TroupeError } from "../../errors/troupe-error.ts";

/**
 * How long {@link System.stop} waits.
 *
 * @since 0.1.0
 */
export interface StopOptions {
  /** Milliseconds until the wait ends as `timed-out`. Default 5,000; for the mode `drain` none. */
  readonly deadline?: number;
}

/** How long the wait for an actor whose messages are discarded takes where nothing else is said, in milliseconds. */
export const stopDeadline = 5_000;

export function notStopped(actor: Address, deadline: number): TroupeError {
  return new TroupeError(
    "timed-out",
    `${actor} did not stop within ${deadline} ms, as the message that it handles is not done. It stops when that is, and handles no ` +
      "other. Pass context.signal on to what its handler waits for, or give stop a longer deadline.",
    { details: { to: actor } },
  );
}
