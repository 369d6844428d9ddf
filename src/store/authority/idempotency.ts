/** One commit per idempotency key, however many requests arrive at once (invariant 5). */

import { TroupeError } from "../../errors/troupe-error.ts";
import { chain, type MaybePromise } from "../../async/maybe-promise.ts";
import type { Journal } from "../journal/journal.ts";
import { metaOf, type Snapshot, type SnapshotMeta } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";

/** Runs work under the same idempotency key one after the other. */
export class InFlightKeys {
  readonly #settled = new Map<string, Promise<void>>();

  /** Runs `work` now, or after all earlier work under the same key has settled, whether or not it failed. */
  alone<T>(idempotencyKey: string, work: () => MaybePromise<T>): MaybePromise<T> {
    const before = this.#settled.get(idempotencyKey);
    if (before !== undefined) return before.then(() => this.alone(idempotencyKey, work));
    const result = work();
    if (!(result instanceof Promise)) return result;
    const done = (): void => {
      this.#settled.delete(idempotencyKey);
    };
    this.#settled.set(idempotencyKey, result.then(done, done));
    return result;
  }
}

/** How many keys of several commits are remembered: enough for the attempts in progress. */
const maxRemembered = 1_000;

/** What was committed under keys of several commits: a cache of what the journal knows. */
export class CommittedParts {
  readonly #journal: Pick<Journal, "committed">;
  readonly #metas = new Map<string, SnapshotMeta[]>();
  /** Under which idempotency keys each key of the store was committed: so erasing one needn't look through all. */
  readonly #under = new Map<StateKey, Set<string>>();

  constructor(journal: Pick<Journal, "committed">) {
    this.#journal = journal;
  }

  /** The versions under a key, in the order of their positions. */
  of(idempotencyKey: string): MaybePromise<readonly SnapshotMeta[]> {
    const known = this.#metas.get(idempotencyKey);
    return known ?? chain(this.#journal.committed(idempotencyKey), (snapshots) => snapshots.map(metaOf));
  }

  /** Drops what was committed before a tombstone, as the journal does. */
  erased({ key, version }: SnapshotMeta): void {
    for (const idempotencyKey of this.#under.get(key) ?? []) {
      const metas = this.#metas.get(idempotencyKey) ?? [];
      const left = metas.filter((meta) => meta.key !== key || meta.version >= version);
      this.#metas.set(idempotencyKey, left);
      if (left.every((meta) => meta.key !== key)) this.#leave(key, idempotencyKey);
    }
  }

  /** Notes that `snapshots` were committed under a key, after `before`. Beyond a thousand keys, forgets the one that was noted first. */
  add(idempotencyKey: string, before: readonly SnapshotMeta[], snapshots: readonly Snapshot[]): void {
    if (snapshots.length === 0) return;
    const added = snapshots.map(metaOf);
    const known = this.#metas.get(idempotencyKey);
    if (known === undefined) this.#metas.set(idempotencyKey, [...before, ...added]);
    else known.push(...added);
    for (const { key } of known === undefined ? [...before, ...added] : added) {
      const under = this.#under.get(key);
      if (under === undefined) this.#under.set(key, new Set([idempotencyKey]));
      else under.add(idempotencyKey);
    }
    if (this.#metas.size > maxRemembered) this.#forgetOldest();
  }

  #forgetOldest(): void {
    for (const [idempotencyKey, metas] of this.#metas) {
      this.#metas.delete(idempotencyKey);
      for (const { key } of metas) this.#leave(key, idempotencyKey);
      return;
    }
  }

  #leave(key: StateKey, idempotencyKey: string): void {
    const under = this.#under.get(key);
    under?.delete(idempotencyKey);
    if (under?.size === 0) this.#under.delete(key);
  }
}

/** @throws TroupeError `idempotency-mismatch` unless all `originals` are versions of `keys`. */
export function checkSameKeys(
  originals: readonly SnapshotMeta[],
  keys: readonly StateKey[],
  idempotencyKey: string,
): void {
  const foreign = originals.find((original) => !keys.includes(original.key));
  if (foreign !== undefined) throw idempotencyMismatch(foreign, keys, idempotencyKey);
}

export function idempotencyMismatch(
  { key: committedTo, version }: Pick<SnapshotMeta, "key" | "version">,
  keys: readonly StateKey[],
  idempotencyKey: string,
): TroupeError {
  return new TroupeError(
    "idempotency-mismatch",
    `The idempotency key ${JSON.stringify(idempotencyKey)} was used for a commit to ${committedTo} and can't be used for ${keys.join(", ")}. ` +
      "Derive idempotency keys from what is done, and to what.",
    { details: { idempotencyKey, key: keys.join(", "), committedTo, version } },
  );
}

/** The error of a commit that was made before under its idempotency key, but whose version isn't kept any more. */
export function originalDropped(
  key: StateKey,
  version: number,
  original: Pick<SnapshotMeta, "key" | "version">,
  idempotencyKey: string,
): TroupeError {
  return new TroupeError(
    "no-such-version",
    `What the idempotency key ${JSON.stringify(idempotencyKey)} stands for was committed before, as ${original.key}@${original.version}; ` +
      `but ${key}@${version}, which was the newest of its key then, isn't kept any more: retention has dropped it, or it was erased. Nothing was committed again.`,
    { details: { idempotencyKey, key, version } },
  );
}
