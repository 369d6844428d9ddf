/** How many restarts a supervisor takes for a cure: more in a period, and what is wrong is elsewhere. */

/**
 * How many restarts a supervisor tries within which time before it gives up.
 *
 * @since 0.1.0
 */
export interface RestartIntensity {
  /** So many restarts within the period are made; the next failure escalates. 0: the first one does. */
  readonly restarts: number;
  /** The period in milliseconds. */
  readonly within: number;
}

export const defaultIntensity: RestartIntensity = { restarts: 10, within: 10_000 };

/** The times of restarts that still count at `now`. */
export function recentRestarts(
  { within }: RestartIntensity,
  restarts: readonly number[],
  now: number,
): readonly number[] {
  return restarts.filter((time) => now - time < within);
}
