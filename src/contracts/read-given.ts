/** Reads what an application passes to Troupe: reading any part of it may throw. */

import { caught, messageOf } from "../errors/caught.ts";
import { isTroupeError, TroupeError } from "../errors/troupe-error.ts";
import { sentence } from "../values/sentence.ts";

/**
 * Returns what `read` returns. An error that is no TroupeError comes from the value, such as from a getter, from a revoked proxy, or from
 * `null` where an object is due: it becomes `invalid-options`. `read` only reads; it calls no other code of the application.
 *
 * @param where names the call in the error.
 * @throws TroupeError `invalid-options`; the TroupeErrors that `read` throws, as they are.
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
