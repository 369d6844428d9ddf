/** How an ask can end without a reply, told apart by whether the message may have been handled. */

import type { ErrorCode } from "./error-code.ts";
import { isTroupeError, TroupeError, type TroupeErrorOptions } from "./troupe-error.ts";

/**
 * - `rejected`: certainly not handled; safe to send again.
 * - `failed`: handled, and the handler threw.
 * - `timed-out`: unknown; the message may have been, or may still be handled.
 * - `cancelled`: the asker gave up; unknown as well.
 */
export type AskOutcome = "rejected" | "failed" | "timed-out" | "cancelled";

/**
 * An ask that ended without a reply. `outcome` says what may be retried, `code` says why.
 *
 * @example
 * const error = await ref.ask("pay", { cents: 5 }).catch((e) => e);
 * if (isAskError(error) && error.outcome === "rejected") await other.ask("pay", { cents: 5 });
 */
export class AskError extends TroupeError {
  readonly outcome: AskOutcome;

  constructor(outcome: AskOutcome, code: ErrorCode, message: string, options: TroupeErrorOptions = {}) {
    super(code, message, options);
    this.outcome = outcome;
  }

  override get name(): string {
    return "AskError";
  }
}

/** True for an {@link AskError}, whichever thread made it. */
export function isAskError(value: unknown): value is AskError {
  return isTroupeError(value) && "outcome" in value;
}
