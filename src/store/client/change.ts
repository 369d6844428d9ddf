/** What a commit wants, as a function of the versions it is based on, so that it can be computed anew. */

import { TroupeError } from "../../errors/troupe-error.ts";
import { applyPatches } from "../versions/apply-patches.ts";
import { checkPlainState, checkState } from "../versions/check-state.ts";
import type { KeyChange } from "../versions/commit.ts";
import { diffStates } from "../versions/diff-states.ts";
import { initialState } from "../versions/initial-state.ts";
import type { Patch } from "../versions/patch.ts";
import { type Recipe, runRecipe } from "./recipe.ts";
import { seal, sealedCopy } from "../versions/seal.ts";
import type { Snapshot } from "../versions/snapshot.ts";
import type { StateDefinition } from "../versions/state-definition.ts";
import { stateKey, type StateKey } from "../versions/state-key.ts";

/**
 * What a commit does when another one was first, and what makes it happen once.
 *
 * @since 0.1.0
 */
export interface CommitOptions {
  /**
   * What to do when someone else committed first. `"retry"`: run the recipe again over the newer state, `maxRetries` times
   * at most. `"reject"`: fail with a ConflictError at once; then the recipe is based on the version that this client last
   * read or wrote of the key, if it did (a client remembers a thousand keys), so that what was decided on what was read
   * is refused when that has changed since. Default `"retry"`.
   */
  readonly onConflict?: "retry" | "reject";
  /**
   * Fail with a ConflictError unless the recipe runs over this version; 0: over none. For what was decided on a version
   * that was read before. Default: whatever is newest.
   */
  readonly expectedVersion?: number;
  /** How often to run the recipe again before the conflict becomes a ConflictError. Default 100. */
  readonly maxRetries?: number;
  /** A commit under a key that was committed under before gives the original version and appends nothing. */
  readonly idempotencyKey?: string;
}

/**
 * Which version has to be the newest for a `put` to land, and what makes it happen once.
 *
 * @since 0.1.0
 */
export interface PutOptions {
  /** Fail with a ConflictError unless this is the newest version; 0: unless there is none. Default: whatever it is. */
  readonly expectedVersion?: number;
  /** A put under a key that was committed under before gives the original version and appends nothing. */
  readonly idempotencyKey?: string;
}

const defaultMaxRetries = 100;

/** One key that a change is about. */
export interface Subject<S = unknown> {
  readonly definition: StateDefinition<S>;
  readonly id: string;
  readonly key: StateKey;
}

export interface Change {
  readonly subjects: readonly Subject[];
  readonly idempotencyKey: string | undefined;
  /** True when it is to be told only if what it only read is the newest; a commit that changes nothing is content with less. */
  readonly checksReads: boolean;
  /** How often it may be computed anew after a conflict. */
  readonly retries: number;
  /** The one version that it may be computed from. */
  readonly expected?: number;
  /**
   * What to submit for each subject, computed from its newest version: a write whose state is sealed, valid, and what the
   * patches make of the parent's; or a read, where there is nothing to write.
   */
  next(bases: readonly (Snapshot | undefined)[]): readonly KeyChange[];
}

/** @throws TroupeError `invalid-options` for a `maxRetries` that is no whole number. */
export function changeByRecipe<S>(
  definition: StateDefinition<S>,
  id: string,
  recipe: Recipe<S>,
  options: CommitOptions,
  idempotencyKey: string | undefined,
): Change {
  const { expectedVersion } = options;
  const retries = retriesOf(options);
  if (expectedVersion !== undefined) checkCount("expectedVersion", expectedVersion);
  const what = `a commit to ${stateKey(definition, id)}`;
  const change = changeByFunction(
    subjectOf(definition, id),
    (before: S) => runRecipe(before, recipe, what),
    idempotencyKey,
  );
  if (expectedVersion === undefined) return { ...change, retries };
  return {
    ...change,
    retries: 0,
    expected: expectedVersion,
    next(bases) {
      const [next] = change.next(bases) as [KeyChange];
      const [base] = bases;
      const isExpected = (base?.version ?? 0) === expectedVersion;
      if (isExpected) return [next];
      // submitted as computed from the version expected: the store refuses it and tells both sides
      const nothing = { patches: [], state: base?.state, schema: definition.version };
      return [{ ...nothing, ...next, parent: expectedVersion }];
    },
  };
}

/** `next` gets the sealed state, or the initial one, and returns the next state, which is sealed. It may run again. */
export function changeByFunction<S>(
  subject: Subject<S>,
  next: (before: S) => unknown,
  idempotencyKey: string | undefined,
): Change {
  return {
    subjects: [subject],
    idempotencyKey,
    checksReads: false,
    retries: defaultMaxRetries,
    next([base]) {
      const before = stateOf(subject, base);
      return [nextVersion(subject, base, before, next(before))];
    },
  };
}

/** @throws TroupeError `invalid-state`, `invalid-options` for an `expectedVersion` that is no whole number. */
export function changeByState<S>(
  definition: StateDefinition<S>,
  id: string,
  state: S,
  options: PutOptions,
  idempotencyKey: string | undefined,
): Change {
  const { expectedVersion } = options;
  if (expectedVersion !== undefined) checkCount("expectedVersion", expectedVersion);
  const subject = subjectOf(definition, id);
  const { key } = subject;
  const copy = checkPlainState(definition, key, () => sealedCopy(state));
  checkState(definition, key, copy);
  const schema = definition.version;
  return {
    subjects: [subject],
    idempotencyKey,
    checksReads: false,
    retries: expectedVersion === undefined ? Number.POSITIVE_INFINITY : 0,
    next([base]) {
      const parent = expectedVersion ?? base?.version ?? 0;
      if (base === undefined || base.version !== parent)
        return [{ key, parent, patches: wholly(copy), schema, state: copy }];
      const patches = diffStates(base.state, copy);
      return [{ key, parent, patches, schema, state: applyPatches(base.state, patches) }];
    },
  };
}

export function subjectOf<S>(definition: StateDefinition<S>, id: string): Subject<S> {
  return { definition, id, key: stateKey(definition, id) };
}

/** What a subject holds at a version, in the shape of its definition's schema. Sealed. */
export function stateOf<S>({ definition, id }: Subject<S>, base: Snapshot | undefined): S {
  return base === undefined ? initialState(definition, id) : definition.upcast(base).state;
}

/** What makes `state`, which is sealed, of `before`, which is what the subject holds at `base`. The first version is always made. */
export function nextVersion(
  { definition, key }: Subject,
  base: Snapshot | undefined,
  before: unknown,
  state: unknown,
): KeyChange {
  const schema = definition.version;
  if (base === undefined) {
    checkPlainState(definition, key, () => seal(state));
    checkState(definition, key, state);
    return { key, parent: 0, patches: wholly(state), schema, state };
  }
  const changed = checkPlainState(definition, key, () => diffStates(before, state));
  if (changed.length === 0) return { key, parent: base.version };
  checkState(definition, key, state);
  // what was written under an older schema is kept as it was: the patches begin there, not at its upcast
  const patches = base.state === before ? changed : diffStates(base.state, state);
  return { key, parent: base.version, patches, schema, state };
}

/** @throws TroupeError `invalid-options` for a `maxRetries` that is no whole number. */
export function retriesOf({ onConflict = "retry", maxRetries = defaultMaxRetries }: CommitOptions): number {
  checkCount("maxRetries", maxRetries);
  return onConflict === "reject" ? 0 : maxRetries;
}

function wholly(state: unknown): readonly Patch[] {
  return [{ op: "replace", path: [], value: state }];
}

function checkCount(option: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new TroupeError("invalid-options", `${option} is a whole number from 0, not ${String(value)}`);
}
