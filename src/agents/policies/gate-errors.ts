/** The errors a caller gets when the agent's gate rejects its call. The call certainly did not reach the agent. */

import { AskError } from "../../errors/ask-error.ts";
import type { OpenedBecause, TrippedBreaker } from "./breaker.ts";
import type { BulkheadPolicy } from "./bulkhead.ts";
import type { Call } from "./waiting-calls.ts";
import { amountOf, neverFits, type RateLimitPolicy } from "./rate-limit.ts";

/** The breaker lets nothing through: it is open, or half-open with all its probes under way. */
export function breakerOpen(agent: string, state: TrippedBreaker, now: number): AskError {
  const { why, status } = state;
  // half-open, the next call may get through at any time: when a probe is excused, or when the last one has succeeded
  const retryAfter = state.status === "open" ? Math.ceil(state.retryAt - now) : 0;
  const when =
    state.status === "open" ? `it will be tried again in ${retryAfter} ms` : "it is being tried again right now";
  return new AskError(
    "rejected",
    "breaker-open",
    `the breaker of the agent ${agent} is ${status}, since ${whyText(why)}; ${when}`,
    { details: { agent, status, why, retryAfter } },
  );
}

/** Why a breaker opened, in words. */
export function whyText({ rule, failures, calls, last }: OpenedBecause): string {
  const what = {
    "consecutive-failures": failures === 1 ? "a call failed" : `${failures} calls in a row failed`,
    "failure-rate": `${failures} of its last ${calls} calls failed`,
    "probe-failed": "it failed again when it was tried",
  }[rule];
  return last === "" ? what : `${what}, ${failures === 1 ? "" : "the last of them "}with: ${last}`;
}

/** The call exceeds a limit and may not wait. */
export function rateLimited(
  agent: string,
  { call, policy, at }: { readonly call: Limited; readonly policy: RateLimitPolicy; readonly at: number },
  now: number,
): AskError {
  const { measure, max, period, per, queue } = policy;
  const whose = { agent: "for all callers", caller: `for the caller ${call.caller}`, tenant: forTenant(call) }[per];
  const limit = `${max} ${max === 1 ? measure.slice(0, -1) : measure} in ${ms(period)} ${whose}`;
  const details = { agent, ...who(call), measure, max, period, per, queue };
  if (neverFits(policy, amountOf(policy, call.tokens))) {
    const message = `the call is estimated to use ${call.tokens} tokens, and the agent ${agent} may use no more than ${limit}`;
    return new AskError("rejected", "rate-limited", `${message}: it can never go ahead. Make it smaller.`, { details });
  }
  const isKnown = Number.isFinite(at);
  const full = queue === 0 ? "" : `, and ${queue} calls wait for it already`;
  const when = isKnown ? `try again in ${ms(at - now)}` : "try again when calls in flight have ended";
  return new AskError("rejected", "rate-limited", `the agent ${agent} may use ${limit}${full}; ${when}`, {
    details: { ...details, retryAfter: isKnown ? Math.ceil(at - now) : 0 },
  });
}

type Limited = Pick<Call, "caller" | "tenant" | "tokens">;

/** All places of the bulkhead are taken, or all of the call's tenant, and so is its queue. */
export function bulkheadFull(agent: string, policy: BulkheadPolicy, call: Limited | undefined): AskError {
  const { concurrent, perTenant = concurrent, queue } = policy;
  const waiting = queue === 0 ? "and none may wait" : `and ${queue} wait already`;
  const calls =
    call === undefined
      ? `${concurrent} calls in flight, as many as its bulkhead allows`
      : `${perTenant} calls in flight ${forTenant(call)}, as many as its bulkhead allows`;
  return new AskError("rejected", "bulkhead-full", `the agent ${agent} has ${calls}, ${waiting}; try again later`, {
    details: { agent, concurrent, queue, ...(call?.tenant === undefined ? {} : { tenant: call.tenant }) },
  });
}

function who({ caller, tenant }: Limited): { readonly caller: string; readonly tenant?: string } {
  return tenant === undefined ? { caller } : { caller, tenant };
}

function forTenant({ tenant }: Limited): string {
  return tenant === undefined ? "for calls without a tenant" : `for the tenant ${tenant}`;
}

function ms(duration: number): string {
  return `${Math.ceil(duration)} ms`;
}
