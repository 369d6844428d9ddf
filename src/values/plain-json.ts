/** Any value as JSON for a reader, who needs not get the same value back. */

import { inspect } from "node:util";

/**
 * Returns the value as JSON. Bigints become text, maps, sets and typed arrays become lists, and undefined becomes null; what contains
 * itself, or can't be read, is told in words.
 */
export function plainJson(value: unknown): string {
  try {
    return JSON.stringify(value, plain) ?? "null";
  } catch {
    return JSON.stringify(inspect(value));
  }
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Map || value instanceof Set) return [...(value as Iterable<unknown>)];
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as Uint8Array);
  return value;
}
