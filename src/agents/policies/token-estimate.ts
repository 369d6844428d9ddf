/** The estimate of a call's tokens, for limits on tokens, before it goes ahead. */

import { AskError } from "../../errors/ask-error.ts";
import { caught } from "../../errors/caught.ts";
import { describe } from "../../errors/foreign-value.ts";
import type { GuardedAgent } from "./policies.ts";

/**
 * The agent's estimate for an input, as a whole number; 0 without `estimateTokens`.
 *
 * @throws AskError `rejected`, `invalid-options` when the function throws or returns anything but a number from 0.
 */
export function estimateTokens({ name, policies }: GuardedAgent, input: unknown): number {
  if (policies.estimateTokens === undefined) return 0;
  let estimate: unknown;
  try {
    estimate = policies.estimateTokens(input as never);
  } catch (thrown) {
    throw unusable(name, `threw: ${describe(thrown)}`, { cause: caught(thrown) });
  }
  if (typeof estimate !== "number" || !(estimate >= 0) || !Number.isFinite(estimate))
    throw unusable(name, `returned ${describe(estimate)}, not a number from 0`);
  return Math.ceil(estimate);
}

function unusable(agent: string, did: string, options: { readonly cause?: unknown } = {}): AskError {
  return new AskError("rejected", "invalid-options", `policies.estimateTokens of the agent ${agent} ${did}`, {
    ...options,
    details: { agent },
  });
}
