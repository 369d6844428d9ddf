/** The permit that an agent's gate gives to a caller, and how the caller reports the call's end. */

/**
 * How a call ended, as its agent's breaker counts it.
 * - `ok`: the agent did its work, or refused it.
 * - `failed`: it failed.
 * - `unknown`: it timed out, so its effects are unknown. Counts as a failure.
 * - `lost`: its thread died, so its effects are unknown. Counts as a failure, once for all calls that the death took along.
 * - `excused`: it ended for a reason that says nothing about the agent: its input violated the contract, it was
 *   cancelled, or its error is one that {@link BreakerOptions.counts} leaves out. Counts as neither.
 */
export type CallOutcome = "ok" | "failed" | "unknown" | "lost" | "excused";

/** What the caller reports of a call besides its outcome. */
export interface CallReport {
  /** The tokens it used, as the agent reported by `context.useTokens`. Default 0. */
  readonly tokens?: number;
  /** How long the agent's code ran, in milliseconds. Default: the time since the permit was given. */
  readonly took?: number;
  /** The call's error. If it opens the breaker, the breaker's history records it. */
  readonly error?: unknown;
  /** Milliseconds that the error says to wait. Default: what can be read of the error. */
  readonly retryAfter?: number;
  /**
   * True when the agent's code may still be running, as after a timeout. The outcome counts at once, but the call keeps its
   * place in the bulkhead until {@link Permit.release}. Default false.
   */
  readonly isRunning?: boolean;
}

/**
 * The right to make one call of an agent. The caller has to settle or release the permit: until then the call keeps its
 * place in the agent's bulkhead and, as a probe of a half-open breaker, keeps other calls out. A permit that holds nothing
 * any more ignores further calls of its methods.
 */
export interface Permit {
  /** How the agent's breaker was when it let the call ahead, as a probe; absent for a closed one. */
  readonly breaker?: "half-open";
  /** The agent's code begins: from now on the call counts in the limits on requests. Until then it has its place in them reserved. */
  begin(): void;
  /** The call has ended with this outcome. */
  settle(outcome: CallOutcome, report?: CallReport): void;
  /**
   * Gives back what the permit still holds. For a call that never began, that is everything. For a call that was settled while its code was running, it is the place in the bulkhead.
   */
  release(): void;
}
