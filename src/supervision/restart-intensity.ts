/**
 * How many restarts a supervisor makes within a period. If that many don't help, the fault lies elsewhere, and the
 * supervisor escalates.
 */

/**
 * How many restarts a supervisor tries within which time before it gives up.
 *
 * @since 0.1.0
 */
export interface RestartIntensity {
  /** The most restarts within the period; the next failure escalates. 0: the first failure escalates. */
  readonly restarts: number;
  /** The period in milliseconds. */
  readonly within: number;
}

export const defaultIntensity: RestartIntensity = { restarts: 10, within: 10_000 };

/** The times of the restarts that still count at `now`. */
export function recentRestarts(
  { within }: RestartIntensity,
  restarts: readonly number[],
  now: number,
): readonly number[] {
  return restarts.filter((time) => now - time < within);
}
