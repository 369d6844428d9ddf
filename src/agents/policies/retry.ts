/** The retry policy: whether a call of an agent that failed is tried again, and when. */

import { delayOf } from "../../errors/delay-of.ts";
import { refusalOf } from "../../errors/refusal-of.ts";
import { isTroupeError, TroupeError } from "../../errors/troupe-error.ts";
import { type Backoff, type BackoffOptions, pauseOf } from "../../actors/backoff.ts";
import { type ErrorMatcher, matchesError } from "./error-matcher.ts";

/**
 * How often an agent is tried, after which pauses, and for which errors.
 *
 * @since 0.1.0
 */
export interface RetryOptions {
  /** How often the agent is tried at most, the first time included. 1 for no retries. */
  readonly attempts?: number;
  /** The pauses between attempts. Default: 100 ms, doubled each time up to 10 s; chance takes off up to half. */
  readonly backoff?: BackoffOptions;
  /**
   * Which errors are worth another attempt. Default: all but an input that violates the agent's contract, and what is to fail fast: an open
   * breaker, and a rate limit by which no call waits (`onExceeded: "reject"`). A cancelled call, and one that its agent refused by a `Refusal`, is never tried again.
   */
  readonly errors?: ErrorMatcher;
}

/**
 * {@link RetryOptions} with the defaults filled in.
 *
 * @experimental
 * @since 0.1.0
 */
export interface RetryPolicy {
  readonly attempts: number;
  readonly backoff: Backoff;
  readonly errors: ErrorMatcher | undefined;
}

/** A call that was lost with its host gets at least this many attempts. */
const attemptsWhenLost = 3;

const givenUp: ReadonlySet<string> = new Set([
  "cancelled",
  "circular-call",
  "run-cancelled",
  "system-closed",
  "ownership-lost",
  "outcome-unknown",
]);

/**
 * When to make the attempt that follows attempt number `attempt` (from 1), which ended with `error`; `undefined` for
 * never. `chance` is a number in [0, 1). If the error says when to try again, as that of a rate limit does, or that of a server by
 * `Retry-After`, the next attempt is not made before then.
 *
 * Trying again is safe since all attempts at a call have the same idempotency key (invariant 5).
 *
 * @throws TroupeError `invalid-options` when a function in {@link RetryOptions.errors} throws.
 * @example
 * const at = nextAttempt(agent.policies.retry, 1, error, clock.now(), random.next());
 */
export function nextAttempt(
  { attempts, backoff, errors }: RetryPolicy,
  attempt: number,
  error: unknown,
  now: number,
  chance: number,
): number | undefined {
  const isDue = isLost(error)
    ? attempt < Math.max(attempts, attemptsWhenLost)
    : attempt < attempts && isWorthwhile(errors, error);
  return isDue ? now + Math.max(pauseOf(backoff, attempt, chance), delayIn(error)) : undefined;
}

/**
 * What becomes of a call that failed. `again`: the next attempt, in the clock's milliseconds. `final`: its failure stands.
 * `policy-failed`: a function of the policy threw, and the call fails with `error`, whose cause is the failure.
 */
export type RetryDecision =
  | { readonly type: "again"; readonly at: number }
  | { readonly type: "final" }
  | { readonly type: "policy-failed"; readonly error: unknown };

const final: RetryDecision = Object.freeze({ type: "final" });

/** Judges a failure as {@link nextAttempt} does, for steps, compensations and direct asks alike. Never throws. */
export function decideRetry(
  policy: RetryPolicy,
  attempt: number,
  failure: unknown,
  now: number,
  chance: number,
): RetryDecision {
  try {
    const at = nextAttempt(policy, attempt, failure, now, chance);
    return at === undefined ? final : { type: "again", at };
  } catch (thrown) {
    return { type: "policy-failed", error: isTroupeError(thrown) ? causedBy(thrown, failure) : thrown };
  }
}

/** The same error with the agent's failure as its cause: what the policy's function threw stands in the message already. */
function causedBy({ code, message, details }: TroupeError, cause: unknown): TroupeError {
  return new TroupeError(code, message, { cause, details });
}

/** True for a call that was lost with the thread or actor that worked on it: how far it came is unknown. */
export function isLost(error: unknown): boolean {
  return isTroupeError(error, "thread-died") || isTroupeError(error, "actor-stopped");
}

function isWorthwhile(errors: ErrorMatcher | undefined, error: unknown): boolean {
  if (isTroupeError(error) && givenUp.has(error.code)) return false;
  if (refusalOf(error) !== undefined) return false;
  if (errors !== undefined) return matchesError(errors, error);
  if (isTroupeError(error, "breaker-open")) return false;
  if (isTroupeError(error, "rate-limited") && error.details.queue === 0) return false;
  return !(isTroupeError(error, "contract-violated") && error.details.direction === "input");
}

/** Milliseconds from now, by what a gate says, or a server, or an agent. */
function delayIn(error: unknown): number {
  const delay = isTroupeError(error) ? error.details.retryAfter : undefined;
  return typeof delay === "number" ? delay : (delayOf(error) ?? 0);
}
