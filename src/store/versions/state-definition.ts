/** A family of versioned keys: a name, a schema, and what a key holds before its first commit. */

import type * as v from "valibot";
import type { Snapshot } from "./snapshot.ts";

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
