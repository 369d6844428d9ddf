/**
 * The gate of one agent: breaker, rate limits and bulkhead composed, as a pure state machine. There is one for all
 * calls of the agent in a system, so its limits hold for all threads and both coordinations together.
 *
 * The breaker comes first: a call that it rejects neither waits nor uses up anything. Then come the rate limits, of
 * which the strictest decides, then the bulkhead. A call takes its place in all of them, and as a probe of a half-open
 * breaker, in one step when it goes ahead, not when it arrives. A call that went ahead may still have to wait for its actor:
 * until it begins, it has a request of the limits reserved, and that counts from when it begins.
 */

import type { AskError } from "../../errors/ask-error.ts";
import { type BreakerState, breakerDue, closedBreaker, isBlocking, stepBreaker } from "./breaker.ts";
import type { BreakerEvent, Successes } from "./breaker.ts";
import { counted, hasPlaceFor, hasRoom, type TenantCounts } from "./bulkhead.ts";
import { breakerOpen, bulkheadFull, rateLimited } from "./gate-errors.ts";
import type { CallOutcome } from "./permit.ts";
import type { Policies } from "./policies.ts";
import {
  amountOf,
  begin,
  correct,
  fitsAt,
  neverFits,
  giveBack,
  noSpending,
  type RateLimitPolicy,
  type RateLimitState,
  reserve,
} from "./rate-limit.ts";
import { type Call, holdsUp, mayWait, perOf, scopeOf, type WaitingCall } from "./waiting-calls.ts";

/** A call that went ahead; its end has to present this. */
export interface Ticket extends Call {
  /** The breaker's generation in which it began. */
  readonly generation: number;
  readonly began: number;
}

export interface GateState {
  readonly breaker: BreakerState;
  /** In the order of the policies. */
  readonly limits: readonly RateLimitState[];
  /** Until then the rate limits let no call ahead: an error said to try again then. */
  readonly heldUntil: number;
  /** Calls that have gone ahead and have not ended. */
  readonly inFlight: number;
  /** How many of them are for each tenant, by `scopeOf`. */
  readonly ofTenants: TenantCounts;
  /** In the order in which they came. */
  readonly waiting: readonly WaitingCall[];
  /** When the gate wants its next `tick`; Infinity for never. */
  readonly wakeAt: number;
}

/**
 * - `request`: a call wants to go ahead. It gets exactly one `admit` or `reject`, now or later, unless it is
 *   `abandoned`.
 * - `begun`: the agent's code begins with a call that was let through.
 * - `settled`: such a call is over; with `isRunning`, its outcome is known but its code still runs. `hasBegun` says whether it
 *   was `begun`.
 * - `released`: such a call is over, and says nothing about the agent.
 * - `ended`: the code of a call that was settled as running has ended.
 * - `abandoned`: a call no longer wants to go ahead. Does nothing unless that call waits.
 * - `succeeded`: calls that went ahead without asking did.
 * - `tick`: it is `wakeAt`, or later.
 */
export type GateEvent =
  | { readonly type: "request"; readonly call: Call }
  | { readonly type: "begun"; readonly ticket: Ticket }
  | {
      readonly type: "settled";
      readonly ticket: Ticket;
      readonly hasBegun: boolean;
      readonly outcome: CallOutcome;
      readonly took: number;
      readonly tokens: number;
      readonly error: string;
      /** Milliseconds that the error says to wait; 0 for none. */
      readonly retryAfter: number;
      readonly isRunning: boolean;
    }
  | { readonly type: "released"; readonly ticket: Ticket; readonly hasBegun: boolean }
  | { readonly type: "ended"; readonly ticket: Ticket }
  | { readonly type: "abandoned"; readonly id: number }
  | { readonly type: "succeeded"; readonly generation: number; readonly slices: readonly Successes[] }
  | { readonly type: "tick" };

export type GateEffect =
  | { readonly type: "admit"; readonly ticket: Ticket }
  | { readonly type: "reject"; readonly id: number; readonly error: AskError }
  /** Replaces any earlier time; Infinity for never. */
  | { readonly type: "wake"; readonly at: number }
  | { readonly type: "breaker-changed"; readonly breaker: BreakerState };

/** The agent's name, and the policies that its gate applies. */
export interface GatePolicies extends Pick<Policies, "breaker" | "bulkhead" | "rateLimits"> {
  readonly agent: string;
}

/** True for policies that let every call pass, so that callers need no permit. */
export function isAlwaysOpen({ breaker, bulkhead, rateLimits }: Omit<GatePolicies, "agent">): boolean {
  return breaker === false && bulkhead === undefined && rateLimits.length === 0;
}

/** True for policies that have a breaker, and nothing by which calls wait. */
export function isOnlyBreaker({ breaker, bulkhead, rateLimits }: Omit<GatePolicies, "agent">): boolean {
  return breaker !== false && bulkhead === undefined && rateLimits.length === 0;
}

/** True for policies by which it matters when a call begins. */
export function limitsRequests({ rateLimits }: Pick<GatePolicies, "rateLimits">): boolean {
  return rateLimits.some(({ measure }) => measure === "requests");
}

/** A gate before its first call, with its breaker as it was restored, if it was. */
export function newGate({ rateLimits }: GatePolicies, breaker: BreakerState = closedBreaker): GateState {
  return {
    breaker,
    limits: rateLimits.map(() => noSpending),
    heldUntil: 0,
    inFlight: 0,
    ofTenants: new Map(),
    waiting: [],
    wakeAt: Number.POSITIVE_INFINITY,
  };
}

/**
 * Returns the gate after an event, and the effects to carry out. `random` returns a number in [0, 1).
 *
 * Guarantees: every request is admitted or rejected once, unless it is abandoned; waiting calls go ahead in the order
 * in which they came, except that calls held back by a limit on their caller or tenant let others pass; once a call waits,
 * only the breaker can reject it, and after a pause that an error asked for a limit by which no call waits. No more calls wait than the policies' queues hold together (invariant 7).
 */
export function stepGate(
  policies: GatePolicies,
  state: GateState,
  event: GateEvent,
  now: number,
  random: () => number,
): readonly [GateState, readonly GateEffect[]] {
  const step = new Step(policies, state, now, random);
  switch (event.type) {
    case "request":
      step.request(event.call);
      break;
    case "begun":
      step.begin(event.ticket);
      break;
    case "settled":
      step.settle(event);
      break;
    case "released":
      step.release(event);
      break;
    case "ended":
      step.end(event.ticket);
      break;
    case "abandoned":
      step.waiting = step.waiting.filter(({ id }) => id !== event.id);
      break;
    case "succeeded":
      step.breakerSees(event);
      break;
    case "tick":
      step.breakerSees({ type: "tick" });
      break;
  }
  return step.finish(event.type === "tick");
}

/** Why a call can't go ahead: `at` is when the limit would let it. */
type Obstacle =
  | { readonly limit: number | "pause"; readonly policy: RateLimitPolicy; readonly at: number }
  | { readonly limit: "bulkhead" | "places-of-tenant" };

/** One step under way: the parts of the next state, and the effects so far. */
class Step {
  breaker: BreakerState;
  limits: readonly RateLimitState[];
  heldUntil: number;
  inFlight: number;
  ofTenants: TenantCounts;
  waiting: readonly WaitingCall[];
  readonly #before: GateState;
  readonly #policies: GatePolicies;
  readonly #now: number;
  readonly #random: () => number;
  readonly #effects: GateEffect[] = [];

  constructor(policies: GatePolicies, state: GateState, now: number, random: () => number) {
    this.#policies = policies;
    this.#before = state;
    this.#now = now;
    this.#random = random;
    this.breaker = state.breaker;
    this.limits = state.limits;
    this.heldUntil = state.heldUntil;
    this.inFlight = state.inFlight;
    this.ofTenants = state.ofTenants;
    this.waiting = state.waiting;
  }

  request(call: Call): void {
    this.breakerSees({ type: "look" });
    if (this.#isTurnedAway(call)) return;
    const obstacle = this.#obstacleOf(call, this.waiting);
    if (obstacle === undefined) this.#admit(call);
    else this.#park(call, obstacle);
  }

  begin(ticket: Ticket): void {
    this.limits = this.#eachLimit(ticket, (policy, state, scope) => begin(policy, state, scope, this.#now));
  }

  /** The code of a call has ended. */
  end(ticket: Ticket): void {
    this.inFlight--;
    this.ofTenants = counted(this.#policies.bulkhead, this.ofTenants, scopeOf("tenant", ticket), -1);
  }

  settle(event: Extract<GateEvent, { type: "settled" }>): void {
    const { ticket, hasBegun, outcome, took, tokens, error, retryAfter, isRunning } = event;
    if (!isRunning) this.end(ticket);
    if (retryAfter > 0) this.heldUntil = Math.max(this.heldUntil, this.#now + retryAfter);
    this.#spentBy(ticket, hasBegun, tokens);
    const { generation, began } = ticket;
    this.breakerSees({ type: "end", generation, began, took, outcome, error });
  }

  release({ ticket, hasBegun }: Extract<GateEvent, { type: "released" }>): void {
    const { generation, began } = ticket;
    this.end(ticket);
    this.#spentBy(ticket, hasBegun, 0);
    this.breakerSees({ type: "end", generation, began, took: 0, outcome: "excused", error: "" });
  }

  breakerSees(event: BreakerEvent): void {
    const { breaker: policy, agent } = this.#policies;
    if (policy === false) return;
    const before = this.breaker.generation;
    this.breaker = stepBreaker(policy, this.breaker, event, this.#now, this.#random);
    if (this.breaker.generation === before) return;
    this.#effects.push({ type: "breaker-changed", breaker: this.breaker });
    if (this.breaker.status !== "open") return;
    for (const call of this.waiting) this.#reject(call, breakerOpen(agent, this.breaker, this.#now));
    this.waiting = [];
  }

  /**
   * Lets the waiting calls go ahead that may, and says when to look again. After a tick it says so even if that time is
   * unchanged, since the timer has fired.
   */
  finish(isTick: boolean): readonly [GateState, readonly GateEffect[]] {
    const { breaker: policy } = this.#policies;
    let wakeAt = this.waiting.length === 0 ? Number.POSITIVE_INFINITY : this.#advance();
    if (policy !== false) wakeAt = Math.min(wakeAt, breakerDue(policy, this.breaker));
    const isSaid = wakeAt === this.#before.wakeAt && !(isTick && wakeAt < Number.POSITIVE_INFINITY);
    if (!isSaid) this.#effects.push({ type: "wake", at: wakeAt });
    const { breaker, limits, heldUntil, inFlight, ofTenants, waiting } = this;
    return [{ breaker, limits, heldUntil, inFlight, ofTenants, waiting, wakeAt }, this.#effects];
  }

  #isTurnedAway(call: Call): boolean {
    const { breaker: policy, agent } = this.#policies;
    if (policy === false || !isBlocking(policy, this.breaker)) return false;
    this.#reject(call, breakerOpen(agent, this.breaker, this.#now));
    return true;
  }

  /** Lets waiting calls go ahead. Returns when the first of the others may, as far as that depends on time. */
  #advance(): number {
    const held = { agent: new Set<string>(), caller: new Set<string>(), tenant: new Set<string>() };
    const pers = ["agent", "caller", "tenant"] as const;
    const left: WaitingCall[] = [];
    let wakeAt = Number.POSITIVE_INFINITY;
    for (const call of this.waiting) {
      if (pers.some((per) => held[per].has(scopeOf(per, call)))) {
        left.push(call);
        continue;
      }
      const obstacle = this.#obstacleOf(call, []);
      if (obstacle === undefined) {
        if (!this.#isTurnedAway(call)) this.#admit(call);
        continue;
      }
      if (call.placeOf === "pause" && "at" in obstacle && obstacle.policy.queue === 0 && obstacle.limit !== "pause") {
        this.#reject(call, rateLimited(this.#policies.agent, { ...obstacle, call }, this.#now));
        continue;
      }
      left.push(call.waitsFor === obstacle.limit ? call : { ...call, waitsFor: obstacle.limit });
      if ("at" in obstacle) wakeAt = Math.min(wakeAt, obstacle.at);
      const per = perOf(this.#policies, obstacle.limit);
      held[per].add(scopeOf(per, call));
    }
    this.waiting = left;
    return wakeAt;
  }

  /** What holds a call back, given the calls that wait before it; `undefined` for nothing. */
  #obstacleOf(call: Call, before: readonly WaitingCall[]): Obstacle | undefined {
    const { rateLimits, bulkhead } = this.#policies;
    let strictest: Extract<Obstacle, { at: number }> | undefined;
    for (const [limit, policy] of rateLimits.entries()) {
      const amount = amountOf(policy, call.tokens) + this.#ahead(policy, call, before);
      const room = fitsAt(policy, this.limits[limit] ?? noSpending, scopeOf(policy.per, call), amount, this.#now);
      const fits = policy.queue === 0 ? room : Math.max(room, this.heldUntil); // a pause exceeds no limit: it rejects nothing
      if (fits <= this.#now) continue;
      // the calls that wait before it use up more than a whole period, and go first
      const at = amount > policy.max && before.length > 0 ? this.#now + policy.period : fits;
      if (strictest === undefined) strictest = { limit, policy, at };
      else if (isStricter(policy, at, strictest)) strictest = { limit, policy, at: Math.max(at, strictest.at) };
    }
    if (strictest !== undefined) return strictest;
    const [first] = rateLimits;
    if (first !== undefined && this.heldUntil > this.#now) return { limit: "pause", policy: first, at: this.heldUntil };
    const tenant = scopeOf("tenant", call);
    const ahead = before.filter((other) => scopeOf("tenant", other) === tenant).length;
    if (!hasPlaceFor(bulkhead, this.ofTenants, tenant, ahead)) return { limit: "places-of-tenant" };
    // each step ends by letting waiting calls ahead, so calls wait for the bulkhead only while it is full
    return hasRoom(bulkhead, this.inFlight) ? undefined : { limit: "bulkhead" };
  }

  /**
   * How much of a limit the calls that wait before this one will use. Calls held back by a limit on their caller or tenant let
   * others pass, so they don't count.
   */
  #ahead(policy: RateLimitPolicy, call: Call, before: readonly WaitingCall[]): number {
    const scope = scopeOf(policy.per, call);
    let ahead = 0;
    for (const other of before)
      if (scopeOf(policy.per, other) === scope && holdsUp(this.#policies, other, call))
        ahead += amountOf(policy, other.tokens);
    return ahead;
  }

  #park(call: Call, obstacle: Obstacle): void {
    const { agent, bulkhead, rateLimits } = this.#policies;
    const isFull = !mayWait(this.#policies, this.waiting, call, obstacle.limit);
    if ("at" in obstacle) {
      const never = rateLimits.find((limit) => neverFits(limit, amountOf(limit, call.tokens)));
      if (never !== undefined || isFull) {
        const about = { call, policy: never ?? obstacle.policy, at: obstacle.at };
        return this.#reject(call, rateLimited(agent, about, this.#now));
      }
    } else if (isFull && bulkhead !== undefined) {
      return this.#reject(call, bulkheadFull(agent, bulkhead, obstacle.limit === "bulkhead" ? undefined : call));
    }
    this.waiting = [...this.waiting, { ...call, waitsFor: obstacle.limit, placeOf: obstacle.limit }];
  }

  #admit(call: Call): void {
    const now = this.#now;
    const { id, caller, tenant, tokens } = call;
    this.breakerSees({ type: "begin" });
    this.inFlight++;
    this.ofTenants = counted(this.#policies.bulkhead, this.ofTenants, scopeOf("tenant", call), 1);
    this.limits = this.#eachLimit(call, (policy, state, scope) =>
      reserve(policy, state, scope, amountOf(policy, tokens), now),
    );
    this.#effects.push({
      type: "admit",
      ticket: { id, caller, tenant, tokens, generation: this.breaker.generation, began: now },
    });
  }

  #spentBy(ticket: Ticket, hasBegun: boolean, used: number): void {
    const now = this.#now;
    const tokens = { reserved: ticket.tokens, used };
    if (!hasBegun) this.limits = this.#eachLimit(ticket, (policy, state, scope) => giveBack(policy, state, scope, now));
    this.limits = this.#eachLimit(ticket, (policy, state, scope) => correct(policy, state, scope, tokens, now));
  }

  #eachLimit(
    call: Call,
    next: (policy: RateLimitPolicy, state: RateLimitState, scope: string) => RateLimitState,
  ): readonly RateLimitState[] {
    const { rateLimits } = this.#policies;
    if (rateLimits.length === 0) return this.limits;
    return rateLimits.map((policy, index) => next(policy, this.limits[index] ?? noSpending, scopeOf(policy.per, call)));
  }

  #reject({ id }: Call, error: AskError): void {
    this.#effects.push({ type: "reject", id, error });
  }
}

/** True when a limit is stricter than another: it rejects the call and the other doesn't, or it holds the call back longer. */
function isStricter(
  policy: RateLimitPolicy,
  at: number,
  than: { readonly policy: RateLimitPolicy; readonly at: number },
) {
  const rejects = policy.queue === 0;
  return rejects === (than.policy.queue === 0) ? at > than.at : rejects;
}
