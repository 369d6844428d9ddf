/** A condition on a state as a person types it, such as `/score < 600`. It is data: nothing of it is run. */

import { TroupeError } from "../../errors/troupe-error.ts";
import { partsOf, valueAt } from "../../store/travel/json-pointer.ts";
import { compares, type Comparison, comparisons } from "../../store/travel/value-test.ts";
import { shown } from "../../values/shown.ts";

export type Condition = (state: unknown) => boolean;

const form = /^(?:(\S+)\s+)?(exists|missing|=|!=|<=|<|>=|>|contains)(?:\s+(.*))?$/s;

/**
 * Reads a condition: a JSON pointer, a comparison, and a value as JSON; what is no JSON is taken for a text.
 *
 * @throws TroupeError `invalid-options` that says what a condition is.
 */
export function conditionOf(text: string): Condition {
  const [, pointer = "", how = "", given] = form.exec(text.trim()) ?? [];
  const hasValue = given !== undefined && given !== "";
  if (how === "" || hasValue === (how === "exists" || how === "missing")) throw noCondition(text);
  const parts = partsOf(pointer);
  if (how === "exists") return (state) => valueAt(state, parts) !== undefined;
  if (how === "missing") return (state) => valueAt(state, parts) === undefined;
  const wanted = valueIn(given ?? "");
  return (state) => {
    const found = valueAt(state, parts);
    return found !== undefined && compares(found.value, how as Comparison, wanted);
  };
}

function valueIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function noCondition(text: string): TroupeError {
  const known = [...comparisons, "exists", "missing"].join(", ");
  return new TroupeError(
    "invalid-options",
    `${shown(text)} is no condition: write a path, a comparison and a value, such as /score < 600, /status = gold or /tags exists. Comparisons are ${known}`,
  );
}
