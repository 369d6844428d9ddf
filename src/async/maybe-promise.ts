/**
 * A value, or a promise of it. With a journal in memory and the store on this thread, a whole commit runs without a
 * promise: one `await` costs more than the version check that it would wait for.
 */

/**
 * A value that is there now, or a promise of it.
 *
 * @experimental
 * @since 0.1.0
 */
export type MaybePromise<T> = T | Promise<T>;

/** Returns the values themselves if none is a promise, otherwise a promise of all. */
export function all<T>(values: readonly MaybePromise<T>[]): MaybePromise<readonly T[]> {
  for (const value of values) if (value instanceof Promise) return Promise.all(values);
  return values as readonly T[];
}

/**
 * Calls `next` now if `value` is no promise, otherwise when it resolves. If `next` throws, so does this, or its promise
 * rejects.
 */
export function chain<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}
