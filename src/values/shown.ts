/** Values in messages: what was given in place of what was expected. */

import { cut } from "../errors/foreign-value.ts";
import { kindOf } from "./value-copier.ts";

/** How many characters of a text are shown. */
const longest = 200;

/**
 * A value in a message: a text in quotes, cut; a number, `true`, `null` and the like as they are written; anything else by its kind.
 * Never throws, as `String` and `JSON.stringify` do for symbols, circles, bigints and whatever has a method of its own for it.
 */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(cut(value, longest));
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "boolean" || value === undefined || value === null) return String(value);
  return kindOf(value);
}
