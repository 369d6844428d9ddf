/** The error of an ask that ends without a reply. It tells whether the message may have been handled. */

import type { ErrorCode } from "./error-code.ts";
import type { DetailsOf } from "./error-details.ts";
import { attempt } from "./foreign-value.ts";
import { isTroupeError, type OptionsArgument, TroupeError, type TroupeErrorOptions } from "./troupe-error.ts";

/**
 * How an ask ended without a reply:
 * - `rejected`: certainly not handled; safe to send again.
 * - `failed`: handled, and the handler threw; or the receiver is gone, and may have handled it.
 * - `timed-out`: unknown; the message may have been handled, or may be handled later.
 * - `cancelled`: the asker stopped waiting; unknown as well, unless the message had not been sent.
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
 * The error an asker gets when its ask ends without a reply. `outcome` says how it ended, `code` why, and `mayHaveRun`
 * whether it is safe to send again.
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
   * had an effect, may have had one, or may still have one.
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
 * Makes the error that an ask ends with out of another error. Code, details, message and cause stay as they are, unless
 * `changes` gives another message or cause.
 *
 * @example
 * toAskError(error, "rejected"); // the message could not be sent
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
  return isTroupeError(value) && attempt(() => "outcome" in value) === true;
}
