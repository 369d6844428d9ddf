/**
 * Where an actor runs: on the pooled thread with the fewest actors, on a thread of its own, or on the thread with a given
 * number. Thread 0 is the thread that made the system.
 *
 * @since 0.1.0
 */
export type Placement = "pooled" | "dedicated" | { readonly thread: number };
