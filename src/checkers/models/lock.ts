/** A lock that one holds at a time. */

import type { SequentialModel } from "../sequential-model.ts";

/**
 * What a lock is asked for, and by which process.
 *
 * @since 0.1.0
 * @experimental
 */
export interface LockInput {
  readonly f: "acquire" | "release";
  readonly value: string | number;
}

/**
 * A lock: an acquire answers whether the lock is held by its caller from then on, a release whether it was. It is not reentrant.
 *
 * @example
 * checkLinearizability(lock, history).linearizable;
 * @since 0.1.0
 * @experimental
 */
export const lock: SequentialModel<string | number | null, LockInput, boolean> = {
  name: "lock",
  initial: null,
  next(holder, { f, value }, answer) {
    const isDone = f === "acquire" ? holder === null : holder === value;
    if (answer !== undefined && answer.output !== isDone) return [];
    if (!isDone) return [holder];
    return [f === "acquire" ? value : null];
  },
};
