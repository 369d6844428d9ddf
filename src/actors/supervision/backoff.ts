/** How long a supervisor waits before it starts a child that keeps failing again. */

export interface Backoff {
  /** Milliseconds before the first restart. */
  readonly first: number;
  /** What each further pause in a row is longer by; 1 for pauses that are alike. */
  readonly factor: number;
  /** The longest pause in milliseconds. */
  readonly max: number;
  /** The part of a pause, from 0 to 1, that chance takes off, so that not everything is back at the same moment. */
  readonly jitter: number;
}

export const defaultBackoff: Backoff = { first: 10, factor: 2, max: 10_000, jitter: 0.2 };

/**
 * The pause in milliseconds after `streak` restarts in a row. Never longer than `max`, never negative.
 *
 * @param chance a number in [0, 1).
 */
export function pauseOf({ first, factor, max, jitter }: Backoff, streak: number, chance: number): number {
  const longer = Math.min(factor ** streak, Number.MAX_VALUE); // 0 times infinity is no pause at all
  return Math.min(max, first * longer) * (1 - jitter * chance);
}
