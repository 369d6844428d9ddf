/** One commit per idempotency key, however many ask for it at once (invariant 5). */

import { TroupeError } from "../errors/troupe-error.ts";
import type { MaybePromise } from "./maybe-promise.ts";
import type { SnapshotMeta } from "./snapshot.ts";
import type { StateKey } from "./state-definition.ts";

/** Lets those who work under the same idempotency key do so one after the other. */
export class InFlightKeys {
  readonly #settled = new Map<string, Promise<void>>();

  /** Runs `work` now, or after those before it under the same key have settled, whatever became of them. */
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
