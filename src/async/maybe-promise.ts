/**
 * Work that is done at once where it can be. Where the journal is in memory and the store on this thread, a whole commit runs
 * without a promise: one `await` costs more than the version check it would wait for.
 */

/**
 * A value that is there now, or a promise of it.
 *
 * @experimental
 * @since 0.1.0
 */
export type MaybePromise<T> = T | Promise<T>;

/** All the values, at once when they are all there. */
export function all<T>(values: readonly MaybePromise<T>[]): MaybePromise<readonly T[]> {
  for (const value of values) if (value instanceof Promise) return Promise.all(values);
  return values as readonly T[];
}

/** Goes on with `next` at once when the value is there, and when it is otherwise. A throw of `next` stays a throw or becomes a rejection. */
export function chain<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}
