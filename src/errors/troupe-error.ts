/** The base of every error Troupe throws, and the guard that recognises one after it crossed threads. */

import type { ErrorCode } from "./error-code.ts";

const brand: unique symbol = Symbol.for("troupe.error");

/** Plain facts that belong to an error: names, versions, paths, counts. They cross threads as JSON has them. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

export interface TroupeErrorOptions {
  readonly cause?: unknown;
  readonly details?: ErrorDetails;
}

/**
 * An error with a stable `code`, a message that says what happened and what to do, and plain `details`.
 *
 * Guarantees: `code`, `message`, `stack`, `details` and `cause` survive the way from one thread to another.
 * Use {@link isTroupeError} rather than `instanceof`; it also recognises errors of another copy of the package.
 *
 * @example
 * try { await ref.ask("get"); }
 * catch (error) { if (isTroupeError(error, "timed-out")) retryLater(); else throw error; }
 */
export class TroupeError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: TroupeErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.details = options.details ?? {};
    Object.defineProperty(this, brand, { value: true });
  }

  override get name(): string {
    return "TroupeError";
  }
}

/** True for a {@link TroupeError}, whichever thread or copy of the package made it; with `code`, only for that code. */
export function isTroupeError(value: unknown, code?: ErrorCode): value is TroupeError {
  return (
    typeof value === "object" &&
    value !== null &&
    brand in value &&
    (code === undefined || ("code" in value && value.code === code))
  );
}
