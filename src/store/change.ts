/** What a commit wants, as a function of the version it is based on, so that it can be computed anew. */

import { TroupeError } from "../errors/troupe-error.ts";
import { applyPatches } from "./apply-patches.ts";
import { checkPlainState, checkState } from "./check-state.ts";
import { diffStates } from "./diff-states.ts";
import { initialState } from "./initial-state.ts";
import type { Patch } from "./patch.ts";
import { runRecipe, type Recipe } from "./recipe.ts";
import { seal, sealedCopy } from "./seal.ts";
import type { Snapshot } from "./snapshot.ts";
import { stateKey, type StateDefinition, type StateKey } from "./state-definition.ts";

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

export interface PutOptions {
  /** Fail with a ConflictError unless this is the newest version; 0: unless there is none. Default: whatever it is. */
  readonly expectedVersion?: number;
  /** A put under a key that was committed under before gives the original version and appends nothing. */
  readonly idempotencyKey?: string;
}

const defaultMaxRetries = 100;

/** What to submit. The state is sealed and valid, and what the patches make of the parent's. */
export interface NextVersion {
  readonly parent: number;
  readonly patches: readonly Patch[];
  readonly state: unknown;
}

export interface Change {
  readonly key: StateKey;
  readonly idempotencyKey: string | undefined;
  /** How often it may be computed anew after a conflict. */
  readonly retries: number;
  next(base: Snapshot | undefined): NextVersion | "unchanged";
}

/** @throws TroupeError `invalid-options` for a `maxRetries` that is no whole number. */
export function changeByRecipe<S>(
  definition: StateDefinition<S>,
  id: string,
  recipe: Recipe<S>,
  options: CommitOptions,
  idempotencyKey: string | undefined,
): Change {
  const { onConflict = "retry", maxRetries = defaultMaxRetries, expectedVersion } = options;
  checkCount("maxRetries", maxRetries);
  if (expectedVersion !== undefined) checkCount("expectedVersion", expectedVersion);
  const what = `a commit to ${stateKey(definition, id)}`;
  const change = changeByFunction(definition, id, (before: S) => runRecipe(before, recipe, what), idempotencyKey);
  if (expectedVersion === undefined) return { ...change, retries: onConflict === "reject" ? 0 : maxRetries };
  return {
    ...change,
    retries: 0,
    next(base) {
      const next = change.next(base);
      const isExpected = (base?.version ?? 0) === expectedVersion;
      if (isExpected) return next;
      // submitted as computed from the version expected: the store refuses it and tells both sides
      return next === "unchanged"
        ? { parent: expectedVersion, patches: [], state: base?.state }
        : { ...next, parent: expectedVersion };
    },
  };
}

/** `next` gets the sealed state, or the initial one, and returns the next state, which is sealed. It may run again. */
export function changeByFunction<S>(
  definition: StateDefinition<S>,
  id: string,
  next: (before: S) => unknown,
  idempotencyKey: string | undefined,
): Change {
  const key = stateKey(definition, id);
  return {
    key,
    idempotencyKey,
    retries: defaultMaxRetries,
    next(base) {
      const before = base === undefined ? initialState(definition, id) : (base.state as S);
      const state = next(before);
      if (base === undefined) {
        checkPlainState(definition, key, () => seal(state));
        checkState(definition, key, state);
        return { parent: 0, patches: wholly(state), state };
      }
      const patches = checkPlainState(definition, key, () => diffStates(before, state));
      if (patches.length === 0) return "unchanged";
      checkState(definition, key, state);
      return { parent: base.version, patches, state };
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
  const key = stateKey(definition, id);
  const copy = checkPlainState(definition, key, () => sealedCopy(state));
  checkState(definition, key, copy);
  return {
    key,
    idempotencyKey,
    retries: expectedVersion === undefined ? Number.POSITIVE_INFINITY : 0,
    next(base) {
      const parent = expectedVersion ?? base?.version ?? 0;
      if (base === undefined || base.version !== parent) return { parent, patches: wholly(copy), state: copy };
      const patches = diffStates(base.state, copy);
      return { parent, patches, state: applyPatches(base.state, patches) };
    },
  };
}

function wholly(state: unknown): readonly Patch[] {
  return [{ op: "replace", path: [], value: state }];
}

function checkCount(option: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new TroupeError("invalid-options", `${option} is a whole number from 0, not ${String(value)}`);
}
