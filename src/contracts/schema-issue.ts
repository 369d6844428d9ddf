/** What errors say of a valibot issue: where the value is not what its schema says, and what the schema wants there. */

import type * as v from "valibot";

export type SchemaIssue = v.BaseIssue<unknown>;

/** What a schema found, the first issue first. */
export type SchemaIssues = readonly [SchemaIssue, ...SchemaIssue[]];

/** The way into the value, such as `items.0.price`; "" for the value itself. */
export function pathOf({ path }: SchemaIssue): string {
  return path === undefined ? "" : path.map(partOf).join(".");
}

/** True for a key that an object has to have, and hasn't. */
export function isMissingKey({ path, expected, received }: SchemaIssue): boolean {
  return path?.at(-1)?.origin === "key" && expected !== "never" && received === "undefined";
}

/** True for a key that a strict object must not have. */
export function isUnknownKey({ path, expected }: SchemaIssue): boolean {
  return path?.at(-1)?.origin === "key" && expected === "never";
}

/** What the schema wants in that place: in valibot's words, or, for a check that the schema's author wrote, in the author's. */
export function demandOf(issue: SchemaIssue): string {
  if (isMissingKey(issue)) return "a value";
  if (isUnknownKey(issue)) return "no such key";
  const { expected, message, received, type } = issue;
  const isOwn = !(message.startsWith("Invalid ") && message.endsWith(`eceived ${received}`));
  // valibot has no words for what the author's own schema expects
  if (isOwn && type === "custom") return message.replace(/^expected /, "");
  if (expected !== null) return expected;
  // a check that was given no message has its name, such as `integer`
  return isOwn ? message : type;
}

/** A field's name or an index. A member of a set has neither, nor has a map's entry whose key is an object: they get the container's type. */
function partOf({ key, type }: v.IssuePathItem): string {
  return typeof key === "string" || typeof key === "number" ? String(key) : `<${type}>`;
}
