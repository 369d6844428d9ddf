/** Selects errors by code or by a function. */

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

/** How deep causes are searched: a getter can make causes without end. */
const maxDepth = 32;

/** @throws TroupeError `invalid-options` when a function of the matcher throws; the thrown value is the cause. */
export function matchesError(matcher: ErrorMatcher, error: unknown): boolean {
  const ones = typeof matcher === "string" || typeof matcher === "function" ? [matcher] : matcher;
  return ones.some((one) => (typeof one === "string" ? hasCode(error, one) : judge(one, error)));
}

function hasCode(error: unknown, code: string): boolean {
  let at = error;
  for (let depth = 0; depth < maxDepth && typeof at === "object" && at !== null; depth++) {
    if ((at as { code?: unknown }).code === code) return true;
    at = (at as { cause?: unknown }).cause;
  }
  return false;
}

function judge(fits: (error: unknown) => boolean, error: unknown): boolean {
  try {
    return fits(error);
  } catch (cause) {
    const about = isTroupeError(error) ? error.code : String(error);
    throw new TroupeError(
      "invalid-options",
      `a function that says which errors an agent's policies are for threw when it was given ${about}: ${String(cause)}`,
      { cause },
    );
  }
}
