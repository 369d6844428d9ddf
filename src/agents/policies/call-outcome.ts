/** Whether a call's error counts against the agent that was called. */

import { encodeError } from "../../errors/error-codec.ts";
import { refusalOf } from "../../errors/refusal-of.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import { isBreakage } from "./breakage.ts";
import { matchesError } from "./error-matcher.ts";
import type { CallOutcome } from "./permit.ts";
import type { GuardedAgent } from "./policies.ts";

/**
 * The outcome of a call that ended with an error, as the agent's breaker counts it.
 *
 * @throws TroupeError `invalid-options` when a function in {@link BreakerOptions.counts} throws.
 */
export function outcomeOf({ name, policies: { breaker } }: GuardedAgent, error: unknown): CallOutcome {
  if (refusalOf(error) !== undefined) return "ok";
  if (isTroupeError(error)) {
    if (givenUp.has(error.code) || isCallersFault(name, error)) return "excused";
    if (error.code === "thread-died") return "lost";
    if (error.code === "timed-out") return "unknown";
  }
  if (breaker === false || matchesError(breaker.counts ?? isBreakage, error)) return "failed";
  return "excused";
}

/** An error as text for histories: its code if it has one, and its message. A string stays as it is. */
export function failureText(error: unknown): string {
  if (error === undefined) return "";
  const { code, message } = encodeError(error);
  const text = code === undefined ? message : `${code}: ${message}`;
  return text.length > maxText ? `${text.slice(0, maxText)}…` : text;
}

/**
 * True when the input given to this agent violated its contract; false when this agent gave another one such an input.
 */
function isCallersFault(agent: string, error: unknown): boolean {
  return (
    isTroupeError(error, "contract-violated") && error.details.agent === agent && error.details.direction === "input"
  );
}

/** Errors of calls that ended for a reason outside of the agent. */
const givenUp: ReadonlySet<string> = new Set([
  "cancelled",
  "run-cancelled",
  "actor-stopped",
  "system-closed",
  "ownership-lost",
  "outcome-unknown",
]);

/** How much of an error's text is kept, in characters. */
const maxText = 500;
