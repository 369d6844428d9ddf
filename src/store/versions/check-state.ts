/** The check that every version passes before it is submitted: it has to be plain data that satisfies the schema. */

import * as v from "valibot";
import { demandOf, pathOf } from "../../contracts/schema-issue.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { UnfitStateError } from "./seal.ts";
import type { StateDefinition } from "./state-definition.ts";
import type { StateKey } from "./state-key.ts";

/** How a state violates its schema: the first violation, and their number. */
export interface Violation {
  readonly path: string;
  readonly expected: string;
  readonly received: string;
  readonly issues: number;
}

/** Returns how a state violates the schema; `undefined` for a state that the schema accepts. */
export function violationOf(schema: v.GenericSchema, state: unknown): Violation | undefined {
  if (state === undefined) return { path: "", expected: "a state", received: "undefined", issues: 1 };
  const result = v.safeParse(schema, state);
  if (result.success) return undefined;
  const [first, ...rest] = result.issues;
  return { path: pathOf(first), expected: demandOf(first), received: first.received, issues: 1 + rest.length };
}

/**
 * Throws unless the schema accepts `state`. The schema's output isn't used: the state is kept as it is, so that it
 * shares structure with the version before.
 *
 * @throws TroupeError `invalid-state`; its details carry key, path, expected and received.
 */
export function checkState(definition: StateDefinition, key: StateKey, state: unknown): void {
  const violation = violationOf(definition.schema, state);
  if (violation !== undefined) throw invalidState(definition, key, violation);
}

/** Runs `seal`, `diffStates` or `applyPatches` on a new state, and adds the key to an error. */
export function checkPlainState<T>(definition: StateDefinition, key: StateKey, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof UnfitStateError)) throw error;
    const expected = "plain data that can be frozen";
    throw invalidState(definition, key, {
      path: error.path.join("."),
      expected,
      received: error.received,
      issues: 1,
    });
  }
}

function invalidState({ name, version }: StateDefinition, key: StateKey, violation: Violation): TroupeError {
  const { path, expected, received, issues } = violation;
  const others = issues === 1 ? "" : ` (and ${issues - 1} more)`;
  return new TroupeError(
    "invalid-state",
    `${key} can't become this: ${name}@${version} is violated at ${path === "" ? "its root" : path}: ` +
      `expected ${expected}, received ${received}${others}. Nothing was committed.`,
    { details: { key, definition: name, version, path, expected, received, issues } },
  );
}
