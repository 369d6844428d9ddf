/** Bounds how long a caller waits for a promise. */

import type { Clock } from "../ports/clock.ts";

/**
 * What the promise settles to within `ms` milliseconds; after that, rejects with what `late` returns. Whatever the promise stands for
 * goes on.
 *
 * @example
 * await within(clock, 5_000, stopped, () => new Error("it has not stopped"));
 */
export async function within<T>(clock: Clock, ms: number, promise: Promise<T>, late: () => Error): Promise<T> {
  if (ms === Number.POSITIVE_INFINITY) return promise;
  let cancel: () => void = () => undefined;
  const over = new Promise<never>((_, reject) => {
    const timer = clock.setTimer(ms, () => reject(late()));
    cancel = () => timer.cancel();
  });
  try {
    return await Promise.race([promise, over]);
  } finally {
    cancel();
  }
}
