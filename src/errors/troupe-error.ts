/** The base class of every error that Troupe throws, and a guard that recognises it after it crossed threads. */

import type { ErrorCode } from "./error-code.ts";
import type { DetailsOf } from "./error-details.ts";

const brand: unique symbol = Symbol.for("troupe.error");

/**
 * What an error carries besides its code and message. `details` are required for a code with fields that are always there.
 *
 * @since 0.1.0
 */
export type TroupeErrorOptions<Code extends ErrorCode = ErrorCode> = {
  readonly cause?: unknown;
} & (Partial<DetailsOf<Code>> extends DetailsOf<Code>
  ? { readonly details?: DetailsOf<Code> }
  : { readonly details: DetailsOf<Code> });

/** The options as the last argument: the argument may be left out if each option may. */
export type OptionsArgument<Options> = Partial<Options> extends Options ? [options?: Options] : [options: Options];

/**
 * An error with a stable `code`, a message that says what happened and what to do, and the `details` of its code. `Details` is
 * a type parameter of its own, so that the error of one code is assignable to `TroupeError`.
 *
 * Guarantees: `code`, `message`, `stack`, `details` and `cause` survive the transfer to another thread. Use {@link
 * isTroupeError} rather than `instanceof`; it also recognises errors of another copy of the package.
 *
 * @example
 * try { await run.result; }
 * catch (error) { if (isTroupeError(error, "step-failed")) report(error.details.step, error.cause); else throw error; }
 * @since 0.1.0
 */
export class TroupeError<Code extends ErrorCode = ErrorCode, Details = DetailsOf<Code>> extends Error {
  readonly code: Code;
  readonly details: Details;

  constructor(code: Code, message: string, ...[options]: OptionsArgument<TroupeErrorOptions<Code>>) {
    super(message, options !== undefined && "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.details = (options?.details ?? {}) as Details;
    Object.defineProperty(this, brand, { value: true });
  }

  override get name(): string {
    return "TroupeError";
  }
}

/**
 * True for a {@link TroupeError}, whichever thread or copy of the package made it; with `code`, only for that code, whose details
 * it then has.
 *
 * @example
 * if (isTroupeError(error, "no-such-version")) return store.at(account, "anna", error.details.newest ?? 1);
 * @since 0.1.0
 */
export function isTroupeError(value: unknown): value is TroupeError;
export function isTroupeError<Code extends ErrorCode>(value: unknown, code: Code): value is TroupeError<Code>;
export function isTroupeError(value: unknown, code?: ErrorCode): value is TroupeError {
  if (typeof value !== "object" || value === null) return false;
  try {
    return brand in value && (code === undefined || ("code" in value && value.code === code));
  } catch {
    return false; // a proxy that throws when it is asked is none
  }
}
