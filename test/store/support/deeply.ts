/** Looks at every object of a state. */

import { deepStrictEqual } from "node:assert/strict";

/** Found to be so, which they stay. */
const deeplyFrozen = new WeakSet<object>();

/** True when every object in `value` is frozen. */
export function isDeeplyFrozen(value: unknown): boolean {
  if (typeof value !== "object" || value === null || deeplyFrozen.has(value)) return true;
  if (!Object.isFrozen(value) || !Object.values(value).every(isDeeplyFrozen)) return false;
  deeplyFrozen.add(value);
  return true;
}

/** Every object in `value`, itself first. */
export function nodesOf(value: unknown): readonly object[] {
  if (typeof value !== "object" || value === null) return [];
  return [value, ...Object.values(value).flatMap(nodesOf)];
}

/** The names of all fields in the order in which programs see them. */
function fieldOrder(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return 0;
  return Object.keys(value).map((key) => [key, fieldOrder((value as Record<string, unknown>)[key])]);
}

/** Equal to the last field, the sign of zero and the order of fields. (`toStrictEqual` stumbles over a field called "constructor".) */
export function expectSame(actual: unknown, expected: unknown): void {
  deepStrictEqual(actual, expected);
  deepStrictEqual(fieldOrder(actual), fieldOrder(expected));
}
