/** Selects errors by code or by a function. */

import { caught, causesOf } from "../../errors/caught.ts";
import { describe } from "../../errors/foreign-value.ts";
import { isTroupeError, TroupeError } from "../../errors/troupe-error.ts";

/**
 * Selects errors by code, by a function, or by a list of these, one of which has to fit. A code fits if the error or
 * one of its causes has it: for a refused connection, `fetch` throws an error whose cause has the code `ECONNREFUSED`.
 *
 * @example
 * const errors = ["ECONNRESET", "timed-out", (error) => (error as { status?: number }).status === 429];
 * @since 0.1.0
 */
export type ErrorMatcher = string | ((error: unknown) => boolean) | readonly (string | ((error: unknown) => boolean))[];

/** @throws TroupeError `invalid-options` when a function of the matcher throws; the thrown value is the cause. */
export function matchesError(matcher: ErrorMatcher, error: unknown): boolean {
  const ones = typeof matcher === "string" || typeof matcher === "function" ? [matcher] : matcher;
  return ones.some((one) => (typeof one === "string" ? hasCode(error, one) : judge(one, error)));
}

function hasCode(error: unknown, code: string): boolean {
  for (const at of causesOf(error)) {
    if (typeof at === "object" && at !== null && (at as { code?: unknown }).code === code) return true;
  }
  return false;
}

function judge(fits: (error: unknown) => boolean, error: unknown): boolean {
  try {
    return fits(error);
  } catch (thrown) {
    const about = isTroupeError(error) ? error.code : describe(error);
    throw new TroupeError(
      "invalid-options",
      `a function that says which errors an agent's policies are for threw when it was given ${about}: ${describe(thrown)}`,
      { cause: caught(thrown) },
    );
  }
}
