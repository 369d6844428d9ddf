/** A family of versioned keys: a name, a schema, and what a key holds before its first commit. */

import type * as v from "valibot";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { Snapshot } from "./snapshot.ts";
import { upcastTo } from "./upcast.ts";

/**
 * A key of the store: the family's name, a slash and the id.
 *
 * @since 0.1.0
 */
export type StateKey = string;

/**
 * Makes a state of the next version of its schema. It gets the old one deeply frozen, so it returns a new one (which may
 * hold parts of the old); synchronously, and the same for the same. Say what the old one was: `(old: { euros: number }) => …`.
 *
 * @since 0.1.0
 */
export type Upcaster = (old: never) => unknown;

/**
 * What a family of states is defined with: name, schema, first state, and how older states become newer ones.
 *
 * @since 0.1.0
 */
export interface StateOptions<S> {
  /** The family's name: letters, digits, `-`, `_` and `.`. */
  readonly name: string;
  /** The schema's version, from 1. Count it up with every change that older states don't satisfy. */
  readonly version: number;
  /**
   * What every version has to satisfy. It validates and does not transform: what it returns isn't used. States are plain
   * data that can be frozen: objects, arrays, strings, numbers, booleans, bigints, null; no dates, maps or class instances.
   */
  readonly schema: v.GenericSchema<unknown, S>;
  /** What a key without a version reads as, and its first commit starts from. Without it, a key has to be `put` first. */
  readonly initial?: (id: string) => NoInfer<S>;
  /**
   * What reads older states: upcaster n makes a state of version n + 1 of the schema from one of version n. All from the
   * oldest that there may be in the store up to `version - 1`, without a gap. Default: none, for a family without older states.
   */
  readonly upcasters?: Readonly<Record<number, Upcaster>>;
}

/**
 * What {@link defineState} makes of its options.
 *
 * @since 0.1.0
 */
export interface StateDefinition<S = unknown> extends StateOptions<S> {
  readonly kind: "state";
  /**
   * A snapshot as this version of the schema has it: itself, or its upcast, which is remembered. Reads do this.
   *
   * @throws TroupeError `schema-newer`, `no-upcaster`, `invalid-state`.
   */
  readonly upcast: (snapshot: Snapshot) => Snapshot<S>;
}

const namePattern = /^[\w.-]+$/;

/**
 * Defines a family of versioned keys, `name/<id>`.
 *
 * @throws TroupeError `invalid-options` for a name or version that can't be used, and for upcasters with a gap, or of
 * versions that aren't older than this one.
 * @example
 * export const account = defineState({
 *   name: "account", version: 2, schema: v.object({ cents: v.number() }), initial: () => ({ cents: 0 }),
 *   upcasters: { 1: (old: { euros: number }) => ({ cents: old.euros * 100 }) },
 * });
 * @since 0.1.0
 */
export function defineState<S>(options: StateOptions<S>): StateDefinition<S> {
  const { name, version, upcasters = {} } = options;
  if (!namePattern.test(name)) {
    throw new TroupeError(
      "invalid-options",
      `defineState: the name ${JSON.stringify(name)} may only have letters, digits, "-", "_" and "."`,
    );
  }
  if (!Number.isSafeInteger(version) || version < 1) {
    throw new TroupeError(
      "invalid-options",
      `defineState ${name}: version is a whole number from 1, not ${String(version)}`,
    );
  }
  checkUpcasters(name, version, upcasters);
  return { kind: "state", ...options, upcast: upcastTo(options) };
}

/** The key of one member of a family. */
export function stateKey(definition: Pick<StateDefinition, "name">, id: string): StateKey {
  return `${definition.name}/${id}`;
}

/** A gap would only show when the first state that needs it is read, perhaps long after. */
function checkUpcasters(name: string, version: number, upcasters: Readonly<Record<number, Upcaster>>): void {
  const given = Object.keys(upcasters);
  const first = version - given.length;
  const due = given.map((_, i) => String(first + i));
  if (first >= 1 && given.every((from, i) => from === due[i] && typeof upcasters[Number(from)] === "function")) return;
  throw new TroupeError(
    "invalid-options",
    `defineState ${name}: upcasters are functions from the oldest version in the store up to ${version - 1}, without a gap, not ${given.join(", ")}`,
  );
}
