/** How an ask can end without a reply, told apart by whether the message may have been handled. */

import type { ErrorCode } from "./error-code.ts";
import type { DetailsOf } from "./error-details.ts";
import { isTroupeError, type OptionsArgument, TroupeError, type TroupeErrorOptions } from "./troupe-error.ts";

/**
 * How an ask ended without a reply:
 * - `rejected`: certainly not handled; safe to send again.
 * - `failed`: handled, and the handler threw; or the actor that had the message is gone, and may have handled it.
 * - `timed-out`: unknown; the message may have been, or may still be handled.
 * - `cancelled`: the asker gave up; unknown as well, unless the message had not been sent.
 *
 * @since 0.1.0
 */
export type AskOutcome = "rejected" | "failed" | "timed-out" | "cancelled";

/**
 * What an {@link AskError} carries besides its outcome, code and message.
 *
 * @since 0.1.0
 */
export type AskErrorOptions<Code extends ErrorCode = ErrorCode> = TroupeErrorOptions<Code> & {
  /** Default: true unless the outcome is `rejected`. */
  readonly mayHaveRun?: boolean;
};

/**
 * An ask that ended without a reply. `outcome` says how, `code` says why, and `mayHaveRun` what may be sent again.
 *
 * @example
 * const error = await ref.ask("pay", { cents: 5 }).catch((e) => e);
 * if (isAskError(error) && !error.mayHaveRun) await other.ask("pay", { cents: 5 });
 * @since 0.1.0
 */
export class AskError<Code extends ErrorCode = ErrorCode, Details = DetailsOf<Code>> extends TroupeError<
  Code,
  Details
> {
  readonly outcome: AskOutcome;
  /**
   * False when the message certainly had no effect and will have none, so that it is safe to send again. True when it
   * had, may have had, or may still have.
   */
  readonly mayHaveRun: boolean;

  constructor(outcome: AskOutcome, code: Code, message: string, ...options: OptionsArgument<AskErrorOptions<Code>>) {
    super(code, message, ...(options as OptionsArgument<TroupeErrorOptions<Code>>));
    this.outcome = outcome;
    this.mayHaveRun = options[0]?.mayHaveRun ?? outcome !== "rejected";
  }

  override get name(): string {
    return "AskError";
  }
}

/**
 * The same error as what an ask ended with: code, message, details and, where it has one, cause stay as they are,
 * but for what `changes` say.
 *
 * @example
 * toAskError(error, "rejected"); // it could not be sent
 */
export function toAskError(
  error: TroupeError,
  outcome: AskOutcome,
  changes: { readonly message?: string; readonly cause?: unknown } = {},
): AskError {
  const { code, details } = error;
  const reason = "cause" in changes ? changes : error;
  const options = "cause" in reason ? { details, cause: reason.cause } : { details };
  return new AskError(outcome, code, changes.message ?? error.message, options);
}

/**
 * True for an {@link AskError}, whichever thread made it.
 *
 * @example
 * if (isAskError(error) && error.outcome === "rejected") await other.ask("pay", { cents: 500 });
 * @since 0.1.0
 */
export function isAskError(value: unknown): value is AskError {
  return isTroupeError(value) && "outcome" in value;
}
