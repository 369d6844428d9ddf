/** The check that every version passes before it is submitted: it has to be plain data that satisfies the schema. */

import * as v from "valibot";
import { demandOf, pathOf } from "../../contracts/schema-issue.ts";
import { caught, messageOf } from "../../errors/caught.ts";
import { isTroupeError, TroupeError } from "../../errors/troupe-error.ts";
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
  let result: v.SafeParseResult<v.GenericSchema>;
  try {
    result = v.safeParse(schema, state);
  } catch (thrown) {
    const received = `something at which the schema threw (${messageOf(thrown)})`;
    return { path: "", expected: "a state that can be checked", received, issues: 1 };
  }
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

/**
 * Runs `seal`, `diffStates` or `applyPatches` on a new state, and adds the key to an error. An error of the state's own, such as that
 * of a proxy that was revoked, is the cause.
 */
export function checkPlainState<T>(definition: StateDefinition, key: StateKey, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isTroupeError(error)) throw error;
    const { path, received } = error instanceof UnfitStateError ? error : unreadable(error);
    const expected = "plain data that can be frozen";
    throw invalidState(definition, key, { path: path.join("."), expected, received, issues: 1 }, caught(error));
  }
}

function unreadable(thrown: unknown): Pick<UnfitStateError, "path" | "received"> {
  return { path: [], received: `something that can't be read (${messageOf(thrown)})` };
}

function invalidState(
  { name, version }: StateDefinition,
  key: StateKey,
  violation: Violation,
  cause?: unknown,
): TroupeError {
  const { path, expected, received, issues } = violation;
  const others = issues === 1 ? "" : ` (and ${issues - 1} more)`;
  return new TroupeError(
    "invalid-state",
    `${key} can't become this: ${name}@${version} is violated at ${path === "" ? "its root" : path}: ` +
      `expected ${expected}, received ${received}${others}. Nothing was committed.`,
    {
      details: { key, definition: name, version, path, expected, received, issues },
      ...(cause === undefined || cause instanceof UnfitStateError ? {} : { cause }),
    },
  );
}
