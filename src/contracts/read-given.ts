/** Reads what an application passes to Troupe, of which nothing is known until it was read. */

import { caught, messageOf } from "../errors/caught.ts";
import { isTroupeError, TroupeError } from "../errors/troupe-error.ts";
import { sentence } from "../values/sentence.ts";

/**
 * What `read` returns. What it throws that is no TroupeError comes from the value, such as a getter's error, a revoked proxy's or that
 * of a `null` where an object is due: it becomes `invalid-options`. `read` only reads; it calls no other code of the application.
 *
 * @param where names the call in the error.
 * @throws TroupeError `invalid-options`; those of `read`.
 * @example
 * const name = readGiven("spawn", () => options.name);
 */
export function readGiven<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (isTroupeError(thrown)) throw thrown;
    throw new TroupeError("invalid-options", sentence(`${where}: can't read what it was given: ${messageOf(thrown)}`), {
      cause: caught(thrown),
    });
  }
}
