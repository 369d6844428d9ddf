/** Whether two values of a history are the same. */

import { isDeepStrictEqual } from "node:util";

export function sameValue(a: unknown, b: unknown): boolean {
  return Object.is(a, b) || (typeof a === "object" && typeof b === "object" && isDeepStrictEqual(a, b));
}
