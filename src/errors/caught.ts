/** What foreign code threw, in a form that is safe to look at. Catch it with this wherever code of users is called. */

import { types } from "node:util";
import { decodeError, encodeError, maxMessage } from "./error-codec.ts";
import { attempt, cut, describe, isError, read } from "./foreign-value.ts";

/** What the runtime reads of a thrown value. */
const fields = ["name", "message", "code", "cause"] as const;

/** How deep causes are followed: a getter can make causes without end. */
const maxDepth = 32;

/**
 * The thrown value itself, unless looking at it may throw: a proxy, such as a draft of immer's that is over, or an error with a
 * getter that throws. Of such a value, what {@link encodeError} can say.
 *
 * @example
 * try { recipe(draft); } catch (thrown) { throw recipeFailed(caught(thrown)); }
 */
export function caught(thrown: unknown): unknown {
  if (thrown === null || (typeof thrown !== "object" && typeof thrown !== "function")) return thrown;
  return attempt(() => isPlain(thrown)) === true ? thrown : decodeError(encodeError(thrown));
}

/** The message of an error, or the thrown value in words; cut to what an error's message may have. Never throws. */
export function messageOf(thrown: unknown): string {
  const message = isError(thrown) ? read(thrown, "message") : thrown;
  return cut(describe(message), maxMessage);
}

/** A thrown value and its causes, each {@link caught}. */
export function* causesOf(thrown: unknown): Generator {
  let at = caught(thrown);
  for (let depth = 0; depth < maxDepth && at !== undefined; depth++) {
    yield at;
    at = typeof at === "object" && at !== null ? caught(read(at, "cause")) : undefined;
  }
}

/** Throws where looking at the value does. */
function isPlain(thrown: object): boolean {
  if (types.isProxy(thrown)) return false;
  const isFailure = thrown instanceof Error; // asks a proxy, should one be among the prototypes
  const [name, message] = fields.map((field): unknown => Reflect.get(thrown, field));
  return !isFailure || (typeof name === "string" && typeof message === "string");
}
