/** How an actor is told to stop. */

/**
 * How an actor ends: handling what waits first, or leaving it as dead letters.
 *
 * @since 0.1.0
 */
export type StopMode = "drain" | "discard";
