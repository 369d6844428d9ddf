/** How long to wait before something is tried again: longer each time, and not in step with others who wait as well. */

/**
 * Pauses that grow. All are optional where the option that takes them has defaults.
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
  /** No pause is longer, in milliseconds. */
  readonly max?: number;
  /** The share of a pause that chance may take off: 0 for none, 1 for anything between nothing and the whole pause. */
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
 * Chance spreads those who failed together, so that they don't come back together: M. Brooker, "Exponential Backoff and
 * Jitter", AWS Architecture Blog, 2015. It only shortens, so `max` holds.
 */
export function pauseOf({ first, factor, max, jitter }: Backoff, n: number, chance: number): number {
  if (first === 0) return 0;
  return Math.min(max, first * factor ** (n - 1)) * (1 - jitter * chance);
}

/** Fills in what isn't given. A first pause that is longer than the longest by default raises that one. */
export function resolveBackoff(options: BackoffOptions, defaults: Backoff): Backoff {
  const given = { ...defaults, ...options };
  return Object.freeze(options.max === undefined ? { ...given, max: Math.max(given.max, given.first) } : given);
}
