/**
 * Idempotency keys: what is done, as a text. Each is made of parts, which say who does what on whose behalf, and parts are
 * never merely joined: two different lists of parts never give the same text. That of a step has two parts (run, step), that of
 * its compensation a third one; all others have four, of which the first says what kind it is.
 */

import { TroupeError } from "../../errors/troupe-error.ts";
import { shown } from "../../values/shown.ts";

/** What the texts begin with that Troupe makes itself; a key of the caller's that begins so is written otherwise. */
const reserved = "troupe:";

/**
 * One text of several parts. Injective: the parts can be told from the text, whatever characters they have. Names and most ids
 * appear in it as they are.
 *
 * @example
 * keyOfParts("7/pay", "charge"); // "7%2Fpay/charge"
 */
export function keyOfParts(...parts: readonly string[]): string {
  return parts.map(escaped).join("/");
}

/** The key under which the store keeps what belongs to `scope`, a text of {@link keyOfParts}. No key of a caller's equals it. */
export function scopeKey(scope: string): string {
  return reserved + scope;
}

/** True for a key that Troupe made, as opposed to one that a caller gave. */
export function isScopeKey(key: string): boolean {
  return key.startsWith(reserved) && !key.startsWith(ownPrefix);
}

const ownPrefix = scopeKey("own/");

/**
 * The key under which the store keeps what a caller does under a key of its own: that key itself, unless it could be taken for
 * one of Troupe's.
 *
 * @param where names the call in the error.
 * @throws TroupeError `invalid-options` for anything but a text of one character at least.
 */
export function ownKey(key: unknown, where: string): string {
  if (typeof key !== "string" || key === "") {
    const what = key === "" ? "an empty one" : `${shown(key)}, of type ${typeof key}`;
    throw new TroupeError("invalid-options", `${where}: idempotencyKey is a text that isn't empty, not ${what}`);
  }
  return key.startsWith(reserved) ? ownPrefix + escaped(key) : key;
}

function escaped(part: string): string {
  const isPlain = !part.includes("/") && !part.includes("%"); // as most are; to look first takes a third of the time
  return isPlain ? part : part.replaceAll("%", "%25").replaceAll("/", "%2F");
}
