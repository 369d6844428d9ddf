/** Options that don't exist, such as misspelt ones, among those of a definition. */

import { shown } from "../values/shown.ts";

/**
 * What is wrong with the names of the given options; `undefined` for nothing. An instance of a class is not looked at, since it
 * may have whatever its class needs.
 *
 * @example
 * unknownOption({ name: "add", imput: v.string() }, ["name", "input"]); // it has no option "imput"; there are name, input
 */
export function unknownOption(given: object, known: readonly string[]): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(given);
  if (prototype !== Object.prototype && prototype !== null) return undefined;
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  return unknown === undefined ? undefined : `it has no option ${shown(unknown)}; there are ${known.join(", ")}`;
}
