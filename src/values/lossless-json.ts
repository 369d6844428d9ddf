/**
 * Plain data as JSON text and back, without loss: also bigints, `undefined`, `NaN`, `Infinity` and `-0`, which JSON
 * can't write. Each of these becomes an object with the field `$troupe`; data that has such a field of its own is
 * written as a list of its fields.
 */

import { isJsonSafe } from "./json-safe.ts";

const mark = "$troupe";

type Tagged =
  | { readonly [mark]: "bigint" | "number"; readonly value: string }
  | { readonly [mark]: "undefined" }
  | { readonly [mark]: "object"; readonly fields: readonly (readonly [string, unknown])[] };

/** The text of objects, arrays and primitives, on one line. Holes in arrays become `undefined`. */
export function toLosslessJson(value: unknown): string {
  return JSON.stringify(isJsonSafe(value) && !hasMark(value) ? value : tagged(value));
}

/** @throws SyntaxError for text that isn't what {@link toLosslessJson} made. */
export function fromLosslessJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return hasMark(value) ? untagged(value) : value;
}

function tagged(value: unknown): unknown {
  if (typeof value === "bigint") return { [mark]: "bigint", value: String(value) } satisfies Tagged;
  if (value === undefined) return { [mark]: "undefined" } satisfies Tagged;
  if (typeof value === "number" && !isJsonSafe(value)) {
    return { [mark]: "number", value: Object.is(value, -0) ? "-0" : String(value) } satisfies Tagged;
  }
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return Array.from(value, tagged);
  const fields = Object.entries(value).map(([name, field]) => [name, tagged(field)] as const);
  return Object.hasOwn(value, mark) ? ({ [mark]: "object", fields } satisfies Tagged) : Object.fromEntries(fields);
}

function untagged(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(untagged);
  if (!Object.hasOwn(value, mark)) {
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, untagged(field)]));
  }
  const tag = value as Tagged;
  switch (tag[mark]) {
    case "bigint":
      return BigInt(tag.value);
    case "number":
      return Number(tag.value);
    case "undefined":
      return undefined;
    case "object":
      return Object.fromEntries(tag.fields.map(([name, field]) => [name, untagged(field)]));
    default:
      throw new SyntaxError(
        `there is no ${mark} of the kind ${JSON.stringify((value as Record<string, unknown>)[mark])}`,
      );
  }
}

function hasMark(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (!Array.isArray(value) && Object.hasOwn(value, mark)) return true;
  return Object.values(value).some(hasMark);
}
