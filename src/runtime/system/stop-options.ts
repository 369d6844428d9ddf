/** How long a caller waits for an actor to stop. */

import * as v from "valibot";
import type { Address } from "../../actors/address.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { checkOptions } from "../../contracts/check-options.ts";
import { checkStopMode, type StopMode } from "../../actors/stop-mode.ts";

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
const discardDeadline = 5_000;

const schema = v.strictObject({ deadline: v.optional(v.pipe(v.number(), v.minValue(0))) });

/** @throws TroupeError `invalid-options` for what is no mode, and for other options than a deadline from 0. */
export function stopDeadline(mode: StopMode, options: StopOptions): number {
  checkStopMode(mode);
  checkOptions("stop", schema, options);
  return options.deadline ?? (mode === "drain" ? Number.POSITIVE_INFINITY : discardDeadline);
}

export function notStopped(actor: Address, deadline: number): TroupeError {
  return new TroupeError(
    "timed-out",
    `${actor} did not stop within ${deadline} ms, as the message that it handles is not done. It stops when that is, and handles no ` +
      "other. Pass context.signal on to what its handler waits for, or give stop a longer deadline.",
    { details: { to: actor } },
  );
}
