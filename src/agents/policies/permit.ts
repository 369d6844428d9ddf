/** What an agent's gate gives to whoever may call the agent, and how the call's end is told. */

/**
 * How a call ended, as its agent's breaker counts it.
 * - `ok`: the agent did its work.
 * - `failed`: it failed.
 * - `unknown`: nobody can say, since its time was up or its thread died. Counts as a failure.
 * - `excused`: it ended for a reason that says nothing about the agent: its input violated the contract, it was
 *   cancelled, or its error is one that {@link BreakerOptions.counts} leaves out. Counts as neither.
 */
export type CallOutcome = "ok" | "failed" | "unknown" | "excused";

/** What is known of a call that ended besides its outcome. */
export interface CallReport {
  /** The tokens it used, as the agent told by `context.useTokens`. Default 0. */
  readonly tokens?: number;
  /** How long the agent's code ran, in milliseconds. Default: the time since the permit was given. */
  readonly took?: number;
  /** What it failed with: history says it when that opens the breaker. */
  readonly error?: unknown;
  /**
   * True when the agent's code may still be running, as after a timeout. The outcome counts at once, but the call keeps its
   * place in the bulkhead until {@link Permit.release}. Default false.
   */
  readonly isRunning?: boolean;
}

/**
 * The right to make one call of an agent. It has to be settled or released: until then the call has a place in the agent's
 * bulkhead and, if it is a probe of a half-open breaker, keeps others out. What comes after its end does nothing.
 */
export interface Permit {
  /** The call has ended. */
  settle(outcome: CallOutcome, report?: CallReport): void;
  /**
   * Gives back what the permit still holds: of a call that never began, as if it had never been let through (but a rate limit
   * has counted the request); of one that was settled while its code was still running, its place in the bulkhead.
   */
  release(): void;
}
