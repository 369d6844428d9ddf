/** The four ways this example runs the same five agents. */

/**
 * `stale-cache`: the broken version of the story. `orchestrator`, `relay`: the workflow under either coordination.
 * `switching`: coordination switched while applications are in flight.
 */
export const MODES = ["stale-cache", "orchestrator", "relay", "switching"] as const;
export type Mode = (typeof MODES)[number];

/** Those that chaos is for: a cache that is lost with its thread is no fault of the agents. */
export const CHAOS_MODES: readonly Mode[] = MODES.filter((mode) => mode !== "stale-cache");
