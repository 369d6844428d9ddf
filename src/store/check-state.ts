/** The check that every version passes before it is submitted: plain data that satisfies the schema. */

import * as v from "valibot";
import { TroupeError } from "../errors/troupe-error.ts";
import { UnfitStateError } from "./seal.ts";
import type { StateDefinition, StateKey } from "./state-definition.ts";

/**
 * Throws unless the schema accepts `state`. What the schema returns isn't used: the state is kept as it is, so that it
 * shares structure with the version before.
 *
 * @throws TroupeError `invalid-state`; its details carry key, path, expected and received.
 */
export function checkState(definition: StateDefinition, key: StateKey, state: unknown): void {
  if (state === undefined) throw invalidState(definition, key, "", "a state", "undefined", 1);
  const result = v.safeParse(definition.schema, state);
  if (result.success) return;
  const [first, ...rest] = result.issues;
  const expected = first.expected ?? first.message; // a check of the schema's author expects what its message says
  throw invalidState(definition, key, v.getDotPath(first) ?? "", expected, first.received, 1 + rest.length);
}

/** Runs `seal`, `diffStates` or `applyPatches` on a state to be, and gives the error its key. */
export function checkPlainState<T>(definition: StateDefinition, key: StateKey, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof UnfitStateError)) throw error;
    throw invalidState(definition, key, error.path.join("."), "plain data that can be frozen", error.received, 1);
  }
}

function invalidState(
  definition: StateDefinition,
  key: StateKey,
  path: string,
  expected: string,
  received: string,
  issues: number,
): TroupeError {
  const { name, version } = definition;
  const others = issues === 1 ? "" : ` (and ${issues - 1} more)`;
  return new TroupeError(
    "invalid-state",
    `${key} can't become this: ${name}@${version} is violated at ${path === "" ? "its root" : path}: ` +
      `expected ${expected}, received ${received}${others}. Nothing was committed.`,
    { details: { key, definition: name, version, path, expected, received, issues } },
  );
}
