/** What every call must come to: a result or a `TroupeError`, within a bound. */

import { inspect } from "node:util";
import { isTroupeError } from "../../src/index.ts";
import { OwnError } from "./odd-values.ts";

/** Milliseconds; most calls take one or two on an idle machine, and a system to open three thousand. */
const bound = 120_000;

export type Answer = { readonly result: unknown } | { readonly error: unknown };

/**
 * The answer of a call. `OwnError`s, which only the values of the test throw, are what the caller's own code threw.
 *
 * @throws Error for a call that throws anything else than a TroupeError, or that does not answer.
 */
export async function answerOf(call: () => unknown): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${bound} ms`)), bound);
  });
  let result: Promise<unknown>;
  try {
    // a result may be what can't be looked at: it is not awaited as it is
    result = Promise.race([settled(call()), tooLate]);
    return { result: await result };
  } catch (error) {
    if (isTroupeError(error) || error instanceof OwnError) return { error };
    throw new Error(`neither a result nor a TroupeError: ${inspect(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for promises of Troupe, and takes anything else as it is. */
function settled(value: unknown): unknown {
  return value instanceof Promise ? value.then((result: unknown) => [result]) : [value];
}
