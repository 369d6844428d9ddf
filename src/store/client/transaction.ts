/** A change of several keys by one recipe. */

import type { Draft } from "immer";
import * as v from "valibot";
import { TroupeError } from "../../errors/troupe-error.ts";
import {
  type Change,
  checkFunction,
  type CommitOptions,
  commitOptions,
  nextVersion,
  retriesOf,
  stateOf,
  type Subject,
  subjectOf,
} from "./change.ts";
import { type Recipe, recipeFailed, runRecipe } from "./recipe.ts";
import type { Snapshot } from "../versions/snapshot.ts";
import type { StateDefinition } from "../versions/state-definition.ts";
import { readGiven } from "../../contracts/read-given.ts";

/**
 * A key of a transaction: `[account, "anna"]`.
 *
 * @since 0.1.0
 */
export type TransactKey<S = unknown> = readonly [definition: StateDefinition<S>, id: string];

type StateOf<K> = K extends TransactKey<infer S> ? S : never;
type StatesOf<K extends readonly TransactKey[]> = { -readonly [I in keyof K]: StateOf<K[I]> };

/**
 * Gets the drafts of a transaction's keys, in the order of the keys. Changes the drafts, puts other states in their places,
 * or returns all the states. Must be synchronous and without side effects: it runs again when one of the keys has changed
 * meanwhile.
 *
 * @since 0.1.0
 */
export type TransactRecipe<K extends readonly TransactKey[]> = (drafts: {
  -readonly [I in keyof K]: Draft<StateOf<K[I]>>;
}) => void | StatesOf<K>;

/**
 * What a transaction returns: for each of its keys, the version that is the newest right after the transaction.
 *
 * @since 0.1.0
 */
export type TransactSnapshots<K extends readonly TransactKey[]> = { readonly [I in keyof K]: Snapshot<StateOf<K[I]>> };

/**
 * The options of a commit that a transaction has too. What they say of one key holds for each key of the transaction.
 *
 * @since 0.1.0
 */
export type TransactOptions = Pick<CommitOptions, "onConflict" | "maxRetries" | "idempotencyKey">;

const { expectedVersion: _, ...entries } = commitOptions.entries;

/** The schema of {@link TransactOptions}. */
export const transactOptions = v.strictObject(entries);

/** @throws TroupeError `invalid-options` for no key, a key that is listed twice, a `maxRetries` that is no whole number. */
export function changeByTransaction<K extends readonly TransactKey[]>(
  keys: K,
  recipe: TransactRecipe<K>,
  options: TransactOptions,
  idempotencyKey: string | undefined,
): Change {
  checkFunction(recipe);
  const retries = retriesOf(options);
  const subjects = readGiven("transact", () => Array.from(keys, ([definition, id]) => subjectOf(definition, id)));
  checkKeys(subjects);
  const what = `the transaction over ${subjects.map(({ key }) => key).join(", ")}`;
  return {
    subjects,
    idempotencyKey,
    repeats: "compared",
    checksReads: true,
    retries,
    next(bases) {
      const before = subjects.map((subject, i) => stateOf(subject, bases[i]));
      // one draft of all keys: the recipe may move a part from one key to another, which separate drafts would have revoked
      const after = runRecipe(before, recipe as unknown as Recipe<unknown[]>, what);
      if (!Array.isArray(after) || after.length !== subjects.length) throw notTheStates(what, subjects.length);
      return subjects.map((subject, i) => nextVersion(subject, bases[i], before[i], after[i]));
    },
  };
}

function checkKeys(subjects: readonly Subject[]): void {
  if (subjects.length === 0) {
    throw new TroupeError("invalid-options", "transact was given no keys: list those that the recipe reads or changes");
  }
  const seen = new Set<string>();
  for (const { key } of subjects) {
    if (seen.has(key)) throw new TroupeError("invalid-options", `transact was given ${key} twice: list each key once`);
    seen.add(key);
  }
}

function notTheStates(what: string, count: number): TroupeError {
  return recipeFailed(
    what,
    `left something other than ${count} states. Change the drafts, or put other states in their places, and leave it at ${count}`,
  );
}
