/**
 * How long to wait before another attempt: longer each time, with jitter that spreads callers who wait at the same
 * time.
 */

/**
 * Pauses that grow. Each field has a default, given by the option that takes them.
 *
 * @example
 * const backoff = { first: 100, factor: 2, max: 10_000, jitter: 0.5 }; // 50–100 ms, then 100–200, 200–400 … 5,000–10,000
 * @since 0.1.0
 */
export interface BackoffOptions {
  /** The first pause, in milliseconds. */
  readonly first?: number;
  /** What each pause is multiplied by to get the next. 1 keeps them alike. */
  readonly factor?: number;
  /** The longest pause, in milliseconds. */
  readonly max?: number;
  /** The share of a pause that chance may take off: 0 for none, 1 for up to the whole pause. */
  readonly jitter?: number;
}

/**
 * {@link BackoffOptions} with the defaults filled in.
 *
 * @experimental
 * @since 0.1.0
 */
export type Backoff = Required<BackoffOptions>;

/**
 * The n-th pause, n from 1, in milliseconds. `chance` is a number in [0, 1); 0 gives the longest.
 *
 * Chance spreads callers that failed together, so that they don't come back together: M. Brooker, "Exponential Backoff
 * and Jitter", AWS Architecture Blog, 2015. It only shortens pauses, so `max` holds.
 */
export function pauseOf({ first, factor, max, jitter }: Backoff, n: number, chance: number): number {
  if (first === 0) return 0;
  return Math.min(max, first * factor ** (n - 1)) * (1 - jitter * chance);
}

/** Fills in the defaults. A first pause that exceeds the default `max` raises `max`. */
export function resolveBackoff(options: BackoffOptions, defaults: Backoff): Backoff {
  const given = { ...defaults, ...options };
  return Object.freeze(options.max === undefined ? { ...given, max: Math.max(given.max, given.first) } : given);
}
