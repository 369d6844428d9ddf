/** How a gate stands, for a reader: what its limits have spent, what is in flight, and what holds back the calls that wait. Pure. */

import type { BreakerState } from "./breaker.ts";
import type { BulkheadPolicy } from "./bulkhead.ts";
import type { GatePolicies, GateState } from "./gate.ts";
import { noSpending, type RateLimitPolicy, type Spent, spentIn } from "./rate-limit.ts";
import type { Holder } from "./waiting-calls.ts";

export interface LimitView extends RateLimitPolicy {
  /** How many calls it holds back. */
  readonly waiting: number;
  /** Of how many callers or tenants it knows what they spent, and what the highest spenders among them did. */
  readonly scopes: number;
  readonly spent: readonly Spent[];
}

export interface GateView {
  readonly breaker: BreakerState["status"];
  readonly inFlight: number;
  readonly waiting: number;
  readonly limits: readonly LimitView[];
  /** Absent for an agent without one. */
  readonly bulkhead?: BulkheadPolicy & { readonly waiting: number };
  /** Until when an error has asked for a pause, in the clock's milliseconds; absent for none. */
  readonly heldUntil?: number;
}

/** Of how many callers or tenants it is said what they spent. */
const mostScopes = 20;

export function gateView({ rateLimits, bulkhead }: GatePolicies, state: GateState, now: number): GateView {
  const heldBy = (isIt: (holder: Holder) => boolean): number =>
    state.waiting.filter(({ waitsFor }) => isIt(waitsFor)).length;
  return {
    breaker: state.breaker.status,
    inFlight: state.inFlight,
    waiting: state.waiting.length,
    limits: rateLimits.map((policy, i) => {
      const spending = state.limits[i] ?? noSpending;
      return {
        ...policy,
        waiting: heldBy((holder) => holder === i),
        scopes: spending.size,
        spent: spentIn(policy, spending, now, mostScopes),
      };
    }),
    ...(bulkhead === undefined
      ? {}
      : { bulkhead: { ...bulkhead, waiting: heldBy((by) => by === "bulkhead" || by === "places-of-tenant") } }),
    ...(state.heldUntil > now ? { heldUntil: state.heldUntil } : {}),
  };
}
