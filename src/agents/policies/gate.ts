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
import { hasRoom } from "./bulkhead.ts";
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

/** A call that wants to go ahead. */
export interface Call {
  /** Unique among the calls of the gate. */
  readonly id: number;
  /** Who calls, for limits per caller. */
  readonly caller: string;
  /** The tokens that it is estimated to use. */
  readonly tokens: number;
}

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
  /** In the order in which they came. */
  readonly waiting: readonly Waiting[];
  /** When the gate wants its next `tick`; Infinity for never. */
  readonly wakeAt: number;
}

/** A policy that makes calls wait: the index of a rate limit, or the bulkhead. */
type Holder = number | "bulkhead";

interface Waiting extends Call {
  readonly waitsFor: Holder;
  /**
   * The policy that held the call back when it arrived. The call counts in that policy's queue until it goes ahead, also
   * when another policy holds it back by then.
   */
  readonly placeOf: Holder;
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
  | { readonly type: "ended" }
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
    waiting: [],
    wakeAt: Number.POSITIVE_INFINITY,
  };
}

/**
 * Returns the gate after an event, and the effects to carry out. `random` returns a number in [0, 1).
 *
 * Guarantees: every request is admitted or rejected once, unless it is abandoned; waiting calls go ahead in the order
 * in which they came, except that calls held back by a limit on their caller let other callers pass; once a call waits,
 * only the breaker can reject it. No more calls wait than the policies' queues hold together (invariant 7).
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
      step.inFlight--;
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
  | { readonly limit: number; readonly policy: RateLimitPolicy; readonly at: number }
  | { readonly limit: "bulkhead" };

/** One step under way: the parts of the next state, and the effects so far. */
class Step {
  breaker: BreakerState;
  limits: readonly RateLimitState[];
  heldUntil: number;
  inFlight: number;
  waiting: readonly Waiting[];
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
    this.waiting = state.waiting;
  }

  request(call: Call): void {
    this.breakerSees({ type: "look" });
    if (this.#isTurnedAway(call)) return;
    const obstacle = this.#obstacleOf(call, this.waiting);
    if (obstacle === undefined) this.#admit(call);
    else this.#park(call, obstacle);
  }

  begin({ caller }: Ticket): void {
    this.limits = this.#eachLimit((policy, state) => begin(policy, state, caller, this.#now));
  }

  settle(event: Extract<GateEvent, { type: "settled" }>): void {
    const { ticket, hasBegun, outcome, took, tokens, error, retryAfter, isRunning } = event;
    if (!isRunning) this.inFlight--;
    if (retryAfter > 0) this.heldUntil = Math.max(this.heldUntil, this.#now + retryAfter);
    this.#spentBy(ticket, hasBegun, tokens);
    const { generation, began } = ticket;
    this.breakerSees({ type: "end", generation, began, took, outcome, error });
  }

  release({ ticket, hasBegun }: Extract<GateEvent, { type: "released" }>): void {
    const { generation, began } = ticket;
    this.inFlight--;
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
    const { breaker, limits, heldUntil, inFlight, waiting } = this;
    return [{ breaker, limits, heldUntil, inFlight, waiting, wakeAt }, this.#effects];
  }

  #isTurnedAway(call: Call): boolean {
    const { breaker: policy, agent } = this.#policies;
    if (policy === false || !isBlocking(policy, this.breaker)) return false;
    this.#reject(call, breakerOpen(agent, this.breaker, this.#now));
    return true;
  }

  /** Lets waiting calls go ahead. Returns when the first of the others may, as far as that depends on time. */
  #advance(): number {
    const held = new Set<string>();
    const left: Waiting[] = [];
    let wakeAt = Number.POSITIVE_INFINITY;
    let isHeld = false;
    for (const call of this.waiting) {
      if (isHeld || held.has(call.caller)) {
        left.push(call);
        continue;
      }
      const obstacle = this.#obstacleOf(call, []);
      if (obstacle === undefined) {
        if (!this.#isTurnedAway(call)) this.#admit(call);
        continue;
      }
      left.push(call.waitsFor === obstacle.limit ? call : { ...call, waitsFor: obstacle.limit });
      if (obstacle.limit !== "bulkhead") wakeAt = Math.min(wakeAt, obstacle.at);
      if (obstacle.limit === "bulkhead" || obstacle.policy.per === "agent") isHeld = true;
      else held.add(call.caller);
    }
    this.waiting = left;
    return wakeAt;
  }

  /** What holds a call back, given the calls that wait before it; `undefined` for nothing. */
  #obstacleOf(call: Call, before: readonly Waiting[]): Obstacle | undefined {
    const { rateLimits, bulkhead } = this.#policies;
    let strictest: Extract<Obstacle, { at: number }> | undefined;
    for (const [limit, policy] of rateLimits.entries()) {
      const amount = amountOf(policy, call.tokens) + this.#ahead(policy, call, before);
      const room = fitsAt(policy, this.limits[limit] ?? noSpending, call.caller, amount, this.#now);
      const fits = Math.max(room, this.heldUntil);
      if (fits <= this.#now) continue;
      // the calls that wait before it use up more than a whole period, and go first
      const at = amount > policy.max && before.length > 0 ? this.#now + policy.period : fits;
      if (strictest === undefined) strictest = { limit, policy, at };
      else if (isStricter(policy, at, strictest)) strictest = { limit, policy, at: Math.max(at, strictest.at) };
    }
    if (strictest !== undefined) return strictest;
    // each step ends by letting waiting calls ahead, so calls wait for the bulkhead only while it is full
    return hasRoom(bulkhead, this.inFlight) ? undefined : { limit: "bulkhead" };
  }

  /**
   * How much of a limit the calls that wait before this one will use. Calls held back by a limit on their caller let
   * others pass, so they don't count.
   */
  #ahead(policy: RateLimitPolicy, { caller }: Call, before: readonly Waiting[]): number {
    let ahead = 0;
    for (const other of before) {
      const counts =
        policy.per === "caller"
          ? other.caller === caller
          : other.caller === caller || other.waitsFor === "bulkhead" || this.#isForAll(other.waitsFor);
      if (counts) ahead += amountOf(policy, other.tokens);
    }
    return ahead;
  }

  #isForAll(limit: number): boolean {
    return this.#policies.rateLimits[limit]?.per === "agent";
  }

  #park(call: Call, obstacle: Obstacle): void {
    const { agent, bulkhead, rateLimits } = this.#policies;
    const taken = this.waiting.filter(({ placeOf }) => placeOf === obstacle.limit).length;
    if (obstacle.limit === "bulkhead") {
      if (bulkhead !== undefined && taken >= bulkhead.queue) return this.#reject(call, bulkheadFull(agent, bulkhead));
    } else {
      const { policy } = obstacle;
      const never = rateLimits.find((limit) => neverFits(limit, amountOf(limit, call.tokens)));
      if (never !== undefined || taken >= policy.queue) {
        const about = { call, policy: never ?? policy, at: obstacle.at };
        return this.#reject(call, rateLimited(agent, about, this.#now));
      }
    }
    this.waiting = [...this.waiting, { ...call, waitsFor: obstacle.limit, placeOf: obstacle.limit }];
  }

  #admit({ id, caller, tokens }: Call): void {
    const now = this.#now;
    this.breakerSees({ type: "begin" });
    this.inFlight++;
    this.limits = this.#eachLimit((policy, state) => reserve(policy, state, caller, amountOf(policy, tokens), now));
    this.#effects.push({
      type: "admit",
      ticket: { id, caller, tokens, generation: this.breaker.generation, began: now },
    });
  }

  #spentBy({ caller, tokens: reserved }: Ticket, hasBegun: boolean, used: number): void {
    if (!hasBegun) this.limits = this.#eachLimit((policy, state) => giveBack(policy, state, caller, this.#now));
    this.limits = this.#eachLimit((policy, state) => correct(policy, state, caller, { reserved, used }, this.#now));
  }

  #eachLimit(next: (policy: RateLimitPolicy, state: RateLimitState) => RateLimitState): readonly RateLimitState[] {
    const { rateLimits } = this.#policies;
    if (rateLimits.length === 0) return this.limits;
    return rateLimits.map((policy, index) => next(policy, this.limits[index] ?? noSpending));
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
