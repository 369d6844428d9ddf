/** The calls that wait at a gate: what holds each back, which calls it holds back in turn, and how many may wait (invariant 7). */

import type { BulkheadPolicy } from "./bulkhead.ts";
import type { RateLimitPolicy } from "./rate-limit.ts";

/** A call that wants to go ahead. */
export interface Call {
  /** Unique among the calls of the gate. */
  readonly id: number;
  /** Who calls, for limits per caller. */
  readonly caller: string;
  /** For which tenant, for limits per tenant; calls for none are limited together. */
  readonly tenant: string | undefined;
  /** The tokens that it is estimated to use. */
  readonly tokens: number;
}

/**
 * What makes calls wait: the index of a rate limit, the bulkhead, the places in it of one tenant, or a pause that an error asked for, where
 * no limit has a queue for it.
 */
export type Holder = number | "bulkhead" | "places-of-tenant" | "pause";

export interface WaitingCall extends Call {
  readonly waitsFor: Holder;
  /**
   * The policy that held the call back when it arrived. The call counts in that policy's queue until it goes ahead, also
   * when another policy holds it back by then.
   */
  readonly placeOf: Holder;
}

/** The policies by which calls wait. */
interface Holding {
  readonly bulkhead: BulkheadPolicy | undefined;
  readonly rateLimits: readonly RateLimitPolicy[];
}

/** The most calls that wait for one policy, of all callers or tenants together, unless its queue alone is longer. */
const mostWaiting = 4096;

/** Names the group of calls that a policy holds back together: those of all callers, of one caller, or of one tenant. */
export function scopeOf(per: RateLimitPolicy["per"], { caller, tenant = "" }: Pick<Call, "caller" | "tenant">): string {
  if (per === "agent") return "";
  return per === "caller" ? caller : tenant;
}

export function perOf({ rateLimits }: Holding, holder: Holder): RateLimitPolicy["per"] {
  if (holder === "places-of-tenant") return "tenant";
  return holder === "bulkhead" || holder === "pause" ? "agent" : (rateLimits[holder]?.per ?? "agent");
}

/** True when `call` may not go ahead before `waiting`: the policy that holds `waiting` back holds both back together. */
export function holdsUp(policies: Holding, waiting: WaitingCall, call: Call): boolean {
  const per = perOf(policies, waiting.waitsFor);
  return scopeOf(per, waiting) === scopeOf(per, call);
}

/** True when one more call may wait for a policy. A policy per caller or per tenant has a queue for each of them. */
export function mayWait(policies: Holding, waiting: readonly WaitingCall[], call: Call, holder: Holder): boolean {
  const queue = queueOf(policies, holder);
  const per = perOf(policies, holder);
  const all = waiting.filter(({ placeOf }) => placeOf === holder);
  if (all.length >= Math.max(queue, mostWaiting)) return false;
  const scope = scopeOf(per, call);
  return all.filter((other) => scopeOf(per, other) === scope).length < queue;
}

function queueOf({ bulkhead, rateLimits }: Holding, holder: Holder): number {
  if (holder === "pause") return mostWaiting;
  return (typeof holder === "number" ? rateLimits[holder]?.queue : bulkhead?.queue) ?? 0;
}
