/** The error of a commit that lost, with both sides. */

import { isTroupeError, TroupeError } from "../../errors/troupe-error.ts";
import type { Snapshot } from "./snapshot.ts";
import type { StateKey } from "./state-key.ts";

/**
 * Both sides of a conflict. Plain data: it crosses threads with the error.
 *
 * @since 0.1.0
 */
export interface ConflictDetails {
  /** The key that had changed. */
  readonly key: StateKey;
  /** The keys of the transaction, if it was one. */
  readonly keys?: readonly StateKey[];
  /** The version that `mine` was computed from; 0 for none. */
  readonly base: number;
  /** The state that was to be committed, or that was read, for a key that the transaction didn't change. */
  readonly mine: unknown;
  /** The newest version; absent when the key has none, or was erased. */
  readonly theirs?: Snapshot;
  /** How often the commit was tried. */
  readonly attempts: number;
  readonly [field: string]: unknown;
}

/**
 * The error of a commit that was computed from a version which isn't the newest any more. Nothing was committed.
 *
 * Both sides are in {@link ConflictError.details}, which also arrive on another thread. Recognise it with {@link
 * isConflictError}.
 *
 * @example
 * const error = await client.put(plan, "1", mine, { expectedVersion: 3 }).catch((e) => e);
 * if (isConflictError(error)) show(error.details.mine, error.details.theirs?.state);
 * @since 0.1.0
 */
export class ConflictError extends TroupeError {
  declare readonly code: "conflict";
  declare readonly details: ConflictDetails;

  constructor(details: ConflictDetails) {
    const { key, keys, base, theirs, attempts } = details;
    const what = keys === undefined ? `commit to ${key}` : `transaction over ${keys.join(", ")}`;
    const version = keys === undefined ? `version ${base}` : `version ${base} of ${key}`;
    const tried = attempts === 1 ? "" : `, after ${attempts} attempts`;
    super(
      "conflict",
      `The ${what} was computed from ${version}, but the newest is ${theirs?.version ?? 0}${tried}. Nothing was committed. ` +
        "Read the key again and decide anew; details.mine and details.theirs hold both sides.",
      { details },
    );
  }

  override get name(): string {
    return "ConflictError";
  }
}

/**
 * True for a {@link ConflictError}, whichever thread made it.
 *
 * @example
 * if (isConflictError(error)) merge(error.details.mine, error.details.theirs?.state);
 * @since 0.1.0
 */
export function isConflictError(
  value: unknown,
): value is TroupeError & { readonly code: "conflict"; readonly details: ConflictDetails } {
  return isTroupeError(value, "conflict") && "mine" in value.details && "attempts" in value.details;
}
