/**
 * A commit's change as a function of the versions it is based on, so that it can be computed again after a conflict.
 */

import * as v from "valibot";
import { TroupeError } from "../../errors/troupe-error.ts";
import { applyPatches } from "../versions/apply-patches.ts";
import { checkPlainState, checkState } from "../versions/check-state.ts";
import type { KeyChange } from "../versions/commit.ts";
import { live } from "../versions/tombstone.ts";
import { diffStates } from "../versions/diff-states.ts";
import { initialState } from "../versions/initial-state.ts";
import { MadeWrite, sealMade } from "../versions/made-state.ts";
import type { Patch } from "../versions/patch.ts";
import { type Recipe, runRecipe } from "./recipe.ts";
import { ownState, seal, sealedCopy } from "../versions/seal.ts";
import type { Snapshot } from "../versions/snapshot.ts";
import type { StateDefinition } from "../versions/state-definition.ts";
import { definedKey, stateKey, type StateKey } from "../versions/state-key.ts";
import { shown } from "../../values/shown.ts";

/**
 * What a commit does when another one was first, and what makes it happen once.
 *
 * @since 0.1.0
 */
export interface CommitOptions {
  /**
   * What to do when another commit came first. `"retry"`: run the recipe again over the newer state, at most
   * `maxRetries` times. `"reject"`: fail at once with a ConflictError. The recipe is then based on the version that
   * this client last read or wrote of the key, if it remembers one (it remembers a thousand keys), so that a decision
   * on an outdated read is refused. Default `"retry"`.
   */
  readonly onConflict?: "retry" | "reject";
  /**
   * Fail with a ConflictError unless the recipe runs over this version; 0: over none, or a key that was erased. For decisions on a version that
   * was read earlier. Default: any version.
   */
  readonly expectedVersion?: number;
  /** How often to run the recipe again before the conflict becomes a ConflictError. Default 100. */
  readonly maxRetries?: number;
  /**
   * Any text but an empty one, for what is done, and to what. The same commit under a key that was used before returns the
   * original version and appends nothing; another one, which would have come to another state from the same version, fails as
   * `idempotency-mismatch`. If retention has dropped the version before the original, any commit counts as the same.
   * Default: none; what an agent's step or call commits is applied once without one, however often it is attempted.
   */
  readonly idempotencyKey?: string;
}

/**
 * Which version has to be the newest for a `put` to land, and what makes it happen once.
 *
 * @since 0.1.0
 */
export interface PutOptions {
  /** Fail with a ConflictError unless this is the newest version; 0: unless there is none, or the key was erased. Default: any version. */
  readonly expectedVersion?: number;
  /** As that of {@link CommitOptions}: a put is the same if it puts the same state. */
  readonly idempotencyKey?: string;
}

const count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));

/** The schema of {@link PutOptions}. Of an idempotency key, `ownKey` says what is wrong. */
export const putOptions = v.strictObject({
  expectedVersion: v.optional(count),
  idempotencyKey: v.optional(v.unknown()),
});

/** The schema of {@link CommitOptions}. */
export const commitOptions = v.strictObject({
  ...putOptions.entries,
  onConflict: v.optional(v.picklist(["retry", "reject"])),
  maxRetries: v.optional(count),
});

const defaultMaxRetries = 100;

/** One key of a change. */
export interface Subject<S = unknown> {
  readonly definition: StateDefinition<S>;
  readonly id: string;
  readonly key: StateKey;
}

export interface Change {
  readonly subjects: readonly Subject[];
  readonly idempotencyKey: string | undefined;
  /**
   * What becomes of a change under an idempotency key that was used before. `compared`: it is answered as the original was if
   * it is the same change, and refused otherwise. `answered`: it is answered so in any case, as the key says all.
   */
  readonly repeats: "compared" | "answered";
  /** True when keys that it only reads have to be at their newest versions, even if it writes nothing. */
  readonly checksReads: boolean;
  /** How often it may be computed again after a conflict. */
  readonly retries: number;
  /** The one version that it may be computed from. */
  readonly expected?: number;
  /** Where in a trace it is made, as a `traceparent`. */
  readonly trace?: string | undefined;
  /**
   * What to submit for each subject, computed from its newest version: a write, whose state is sealed, valid and equal
   * to the parent's with the patches applied; or a read, if there is nothing to write.
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
  checkFunction(recipe);
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
      if (isAt(base, expectedVersion)) return [next];
      // submitted as if computed from the expected version, so that the store refuses it with both sides
      const nothing = { patches: [], state: base?.state, schema: definition.version };
      return [{ ...nothing, ...next, parent: expectedVersion }];
    },
  };
}

/** `next` gets the sealed state, or the initial one, and returns the next state, which is sealed. It may run again. */
function changeByFunction<S>(
  subject: Subject<S>,
  next: (before: S) => unknown,
  idempotencyKey: string | undefined,
): Change {
  return {
    subjects: [subject],
    idempotencyKey,
    repeats: "compared",
    checksReads: false,
    retries: defaultMaxRetries,
    next([base]) {
      const before = stateOf(subject, base);
      return [nextVersion(subject, base, before, next(before))];
    },
  };
}

/** A key, and what becomes of its state: `next` gets the sealed state, or the initial one, and returns the next, or the same. It may run again. */
export interface Evolution<S = unknown> {
  readonly subject: Subject<S>;
  next(before: S): S;
}

/**
 * Keys whose states the runtime's own code makes (`made-state.ts`) change at one position, or none does. A `next` that returns the state
 * it got changes nothing.
 */
export function changeOfMade(evolutions: readonly Evolution[]): Change {
  return {
    subjects: evolutions.map(({ subject }) => subject),
    idempotencyKey: undefined,
    repeats: "compared",
    checksReads: false,
    retries: defaultMaxRetries,
    next: (bases) => evolutions.map((evolution, i) => madeFrom(evolution, bases[i])),
  };
}

function madeFrom({ subject, next }: Evolution, base: Snapshot | undefined): KeyChange {
  const { definition, key } = subject;
  const before = stateOf(subject, base);
  const state = next(before);
  const found = live(base);
  const parent = base?.version ?? 0;
  if (found !== undefined && state === before) return { key, parent };
  sealMade(state, before);
  if (found === undefined) return { key, parent, patches: wholly(state), schema: definition.version, state };
  return new MadeWrite(key, parent, definition.version, found.state, state);
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
    repeats: "compared",
    checksReads: false,
    retries: expectedVersion === undefined ? Number.POSITIVE_INFINITY : 0,
    next([base]) {
      const isExpected = expectedVersion === undefined || isAt(base, expectedVersion);
      const parent = isExpected ? (base?.version ?? 0) : expectedVersion;
      if (base === undefined || base.version !== parent)
        return [{ key, parent, patches: wholly(copy), schema, state: copy }];
      const patches = diffStates(base.state, copy);
      return [{ key, parent, patches, schema, state: applyPatches(base.state, patches) }];
    },
  };
}

/** True where a commit may expect `version`: a key that was erased reads as one without a version, which is 0. */
function isAt(base: Snapshot | undefined, version: number): boolean {
  return base?.version === version || (version === 0 && live(base) === undefined);
}

export function subjectOf<S>(definition: StateDefinition<S>, id: string): Subject<S> {
  return { definition, id, key: definedKey(definition, id) };
}

/** The state of a subject at a version, sealed, in the shape of its definition's schema: the initial one where there is none. */
export function stateOf<S>({ definition, id }: Subject<S>, base: Snapshot | undefined): S {
  const found = live(base);
  return found === undefined ? initialState(definition, id) : definition.upcast(found).state;
}

/**
 * The change from `before`, the subject's state at `base`, to the state `next`, which is sealed. A key without a version always gets a
 * write, and so does one that was erased.
 */
export function nextVersion(
  { definition, key }: Subject,
  base: Snapshot | undefined,
  before: unknown,
  next: unknown,
): KeyChange {
  const schema = definition.version;
  const state = checkPlainState(definition, key, () => ownState(next));
  const found = live(base);
  if (found === undefined) {
    checkPlainState(definition, key, () => seal(state));
    checkState(definition, key, state);
    return { key, parent: base?.version ?? 0, patches: wholly(state), schema, state };
  }
  const changed = checkPlainState(definition, key, () => diffStates(before, state));
  const { version: parent } = found;
  if (changed.length === 0) return { key, parent };
  checkState(definition, key, state);
  // a state under an older schema is kept as it was written, so the patches begin there, not at its upcast
  const patches = found.state === before ? changed : diffStates(found.state, state);
  return { key, parent, patches, schema, state };
}

/** @throws TroupeError `invalid-options` for a `maxRetries` that is no whole number. */
export function retriesOf({ onConflict = "retry", maxRetries = defaultMaxRetries }: CommitOptions): number {
  checkCount("maxRetries", maxRetries);
  return onConflict === "reject" ? 0 : maxRetries;
}

function wholly(state: unknown): readonly Patch[] {
  return [{ op: "replace", path: [], value: state }];
}

export function checkFunction(recipe: unknown): void {
  if (typeof recipe === "function") return;
  throw new TroupeError("invalid-options", `a recipe is a function of a draft, not ${shown(recipe)}`);
}

function checkCount(option: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new TroupeError("invalid-options", `${option} is a whole number from 0, not ${shown(value)}`);
}
