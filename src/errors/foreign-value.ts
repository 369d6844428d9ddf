/**
 * Looks at values of which nothing is known, as foreign code throws them: a getter, the trap of a proxy or a `toString` may throw
 * in turn. Nothing here ever throws.
 */

import { inspect, types } from "node:util";

const unreadable = "something that throws when it is looked at";

/** What `look` returns; `undefined` where it throws. */
export function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

export function read(owner: object, field: string): unknown {
  return attempt((): unknown => Reflect.get(owner, field));
}

/** Not `instanceof` alone, which misses errors of other realms; not `isNativeError` alone, which misses a DOMException. */
export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || attempt(() => value instanceof Error) === true;
}

/** A value in words. A string stays as it is. */
export function describe(value: unknown): string {
  if (typeof value === "string") return value;
  const look = (): string =>
    isError(value) ? String(value) : inspect(value, { depth: 2, breakLength: Number.POSITIVE_INFINITY });
  return attempt(look) ?? unreadable;
}

/** A text of at most `max` characters, which says how many it had if it had more. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const mark = ` … (${text.length} characters)`;
  const kept = Math.max(0, max - mark.length);
  const last = text.charCodeAt(kept - 1);
  return text.slice(0, last >= 0xd8_00 && last < 0xdc_00 ? kept - 1 : kept) + mark; // half of a character is none
}
