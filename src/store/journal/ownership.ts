/** The errors of a journal whose owner can lose it. */

import type { DetailsOf } from "../../errors/error-details.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { Position } from "../versions/snapshot.ts";

/**
 * The reason with which a journal's `lost` aborts.
 *
 * @param how what happened, as half a sentence: "it couldn't renew its lease in time"
 */
export function ownershipLost(
  how: string,
  details: DetailsOf<"ownership-lost">,
  cause?: unknown,
): TroupeError<"ownership-lost"> {
  return new TroupeError(
    "ownership-lost",
    `This process doesn't own the journal ${details.journal} any more: ${how}. What it has acknowledged is kept; its system ends. Make another one, as a standby if another process is the owner.`,
    { details, ...(cause === undefined ? {} : { cause }) },
  );
}

/** The error of a commit that may be kept or not, since the journal was lost before it could be found out. */
export function outcomeUnknown(positions: readonly Position[], lost: unknown): TroupeError<"outcome-unknown"> {
  return new TroupeError(
    "outcome-unknown",
    `It isn't known whether the commit at position ${positions.join(", ")} is kept: the journal was lost before that was found out. The journal's owner knows; ask there, by the commit's idempotency key or by the state.`,
    { details: { positions }, cause: lost },
  );
}
