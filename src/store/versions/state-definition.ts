/** A family of versioned keys: a name, a schema, and the state of a key before its first commit. */

import type * as v from "valibot";
import type { Snapshot } from "./snapshot.ts";

/**
 * Turns a state into one of the next version of its schema. It gets the old state deeply frozen and returns a new one,
 * which may hold parts of the old. Must be synchronous and pure. Annotate the old state's type: `(old: { euros: number
 * }) => …`.
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
  /** The schema's version, from 1. Raise it with every change that older states don't satisfy. */
  readonly version: number;
  /**
   * The schema that every version has to satisfy. It validates and does not transform: its output isn't used. States
   * are plain data that can be frozen: objects, arrays, strings, numbers, booleans, bigints, null; no dates, maps or
   * class instances.
   */
  readonly schema: v.GenericSchema<unknown, S>;
  /** The state of a key without a version, for reads and the first commit. Without it, a key has to be `put` first. */
  readonly initial?: (id: string) => NoInfer<S>;
  /**
   * Functions for reading older states: upcaster n turns a state of version n of the schema into one of version n + 1.
   * Give all from the oldest version that may be in the store up to `version - 1`, without a gap. Default: none, for a
   * family without older states.
   */
  readonly upcasters?: Readonly<Record<number, Upcaster>>;
}

/**
 * A family of versioned keys, as {@link defineState} returns it.
 *
 * @since 0.1.0
 */
export interface StateDefinition<S = unknown> extends StateOptions<S> {
  readonly kind: "state";
  /**
   * Returns a snapshot in this version of the schema: itself, or its upcast, which is cached. Every read calls this.
   *
   * @throws TroupeError `schema-newer`, `no-upcaster`, `invalid-state`.
   */
  readonly upcast: (snapshot: Snapshot) => Snapshot<S>;
}
