/** A family of versioned keys: a name, a schema, and what a key holds before its first commit. */

import type * as v from "valibot";
import { TroupeError } from "../errors/troupe-error.ts";

/** A key of the store: the family's name, a slash and the id. */
export type StateKey = string;

export interface StateOptions<S> {
  /** The family's name: letters, digits, `-`, `_` and `.`. */
  readonly name: string;
  /** The schema's version, from 1. */
  readonly version: number;
  /**
   * What every version has to satisfy. It validates and does not transform: what it returns isn't used. States are plain
   * data that can be frozen: objects, arrays, strings, numbers, booleans, bigints, null; no dates, maps or class instances.
   */
  readonly schema: v.GenericSchema<unknown, S>;
  /** What a key without a version reads as, and its first commit starts from. Without it, a key has to be `put` first. */
  readonly initial?: (id: string) => S;
}

/** What {@link defineState} makes of its options. */
export interface StateDefinition<S = unknown> extends StateOptions<S> {
  readonly kind: "state";
}

const namePattern = /^[\w.-]+$/;

/**
 * Defines a family of versioned keys, `name/<id>`.
 *
 * @throws TroupeError `invalid-options` for a name or version that can't be used.
 * @example
 * export const account = defineState({
 *   name: "account", version: 1, schema: v.object({ cents: v.number() }), initial: () => ({ cents: 0 }),
 * });
 */
export function defineState<S>(options: StateOptions<S>): StateDefinition<S> {
  if (!namePattern.test(options.name)) {
    throw new TroupeError(
      "invalid-options",
      `defineState: the name ${JSON.stringify(options.name)} may only have letters, digits, "-", "_" and "."`,
    );
  }
  if (!Number.isSafeInteger(options.version) || options.version < 1) {
    throw new TroupeError(
      "invalid-options",
      `defineState ${options.name}: version is a whole number from 1, not ${String(options.version)}`,
    );
  }
  return { kind: "state", ...options };
}

/** The key of one member of a family. */
export function stateKey(definition: Pick<StateDefinition, "name">, id: string): StateKey {
  return `${definition.name}/${id}`;
}
