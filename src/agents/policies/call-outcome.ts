/** What an error of a call says about the agent that was called. */

import { encodeError } from "../../errors/error-codec.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import { matchesError } from "./error-matcher.ts";
import type { CallOutcome } from "./permit.ts";
import type { GuardedAgent } from "./policies.ts";

/**
 * What an error says about the agent that it came from.
 *
 * @throws TroupeError `invalid-options` when a function in {@link BreakerOptions.counts} throws.
 */
export function outcomeOf({ name, policies: { breaker } }: GuardedAgent, error: unknown): CallOutcome {
  if (isTroupeError(error)) {
    if (givenUp.has(error.code) || isCallersFault(name, error)) return "excused";
    if (unknown.has(error.code)) return "unknown";
  }
  if (breaker === false || breaker.counts === undefined || matchesError(breaker.counts, error)) return "failed";
  return "excused";
}

/** What history says of an error: its code where it has one, and its message. A text stays as it is. */
export function failureText(error: unknown): string {
  if (error === undefined) return "";
  const { code, message } = encodeError(error);
  const text = code === undefined ? message : `${code}: ${message}`;
  return text.length > maxText ? `${text.slice(0, maxText)}…` : text;
}

/** True when the input of a call of the agent violated its contract; not when the agent itself called another one so. */
function isCallersFault(agent: string, error: unknown): boolean {
  return (
    isTroupeError(error, "contract-violated") && error.details.agent === agent && error.details.direction === "input"
  );
}
const givenUp: ReadonlySet<string> = new Set(["cancelled", "run-cancelled", "actor-stopped", "system-closed"]);
const unknown: ReadonlySet<string> = new Set(["thread-died", "timed-out"]);

/** How much of an error's text is kept, in characters. */
const maxText = 500;
