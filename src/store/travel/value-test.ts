/** Comparisons of a value in a state with one that a person has typed: as data, so that nothing typed is run. */

import { isDeepStrictEqual } from "node:util";

export const comparisons = ["=", "!=", "<=", "<", ">=", ">", "contains"] as const;

export type Comparison = (typeof comparisons)[number];

/**
 * True where the comparison holds. Texts are ordered among texts and numbers among numbers; a list contains its items, and a text its parts.
 * JSON has no bigints, so a number stands for the bigint of the same value.
 */
export function compares(value: unknown, how: Comparison, wanted: unknown): boolean {
  switch (how) {
    case "=":
      return isSame(value, wanted);
    case "!=":
      return !isSame(value, wanted);
    case "contains":
      if (typeof value === "string") return typeof wanted === "string" && value.includes(wanted);
      return Array.isArray(value) && value.some((item) => isSame(item, wanted));
    default:
      return isOrdered(value, how, wanted);
  }
}

function isSame(value: unknown, wanted: unknown): boolean {
  return typeof value === "bigint" && typeof wanted === "number"
    ? Number(value) === wanted
    : isDeepStrictEqual(value, wanted);
}

function isOrdered(value: unknown, how: "<=" | "<" | ">=" | ">", wanted: unknown): boolean {
  const isText = typeof value === "string" && typeof wanted === "string";
  if (!isText && (typeof wanted !== "number" || (typeof value !== "number" && typeof value !== "bigint"))) return false;
  const [one, other] = [value as number, wanted as number]; // JavaScript orders texts and bigints alike
  if (how === "<=") return one <= other;
  if (how === ">=") return one >= other;
  return how === "<" ? one < other : one > other;
}
