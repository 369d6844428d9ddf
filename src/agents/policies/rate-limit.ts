/**
 * A rate limit: at most so many requests, or tokens, within any stretch of time of one period's length. A pure sliding
 * log: unlike counters that are reset each period, it allows no burst at the border of two periods.
 *
 * Source: the sliding window log, as in N. Mahdi, "An alternative approach to rate limiting", Figma, 2017. Tokens are
 * reserved by estimate and corrected when they are known.
 */

/**
 * A limit on requests, tokens or both. All limits of an agent apply, so the strictest wins.
 *
 * @since 0.1.0
 */
export interface RateLimit {
  /** The most calls in a period. */
  readonly requests?: number;
  /**
   * The most tokens in a period. What a call used is known when it ends, by `context.useTokens`. Until then its
   * estimate by the agent's `estimateTokens` counts instead, or nothing without one. A call goes ahead when the tokens
   * used within the last period, the estimates of calls in flight and its own estimate fit together.
   */
  readonly tokens?: number;
  /** Milliseconds. Default 60,000. */
  readonly period?: number;
  /** Whether all calls of the agent count together, or each caller's or each tenant's separately. Default `"agent"`. */
  readonly per?: "agent" | "caller" | "tenant";
  /** Whether a call over the limit waits for its turn or is rejected. Default `"queue"`. */
  readonly onExceeded?: "queue" | "reject";
  /** How many calls may wait for it, of each caller or tenant where it is per caller or tenant; further ones are rejected. Default 1,000. */
  readonly queue?: number;
}

/**
 * One measure of a {@link RateLimit}, with the defaults filled in.
 *
 * @experimental
 * @since 0.1.0
 */
export interface RateLimitPolicy {
  readonly measure: "requests" | "tokens";
  readonly max: number;
  readonly period: number;
  readonly per: "agent" | "caller" | "tenant";
  /** 0 for a limit that rejects. */
  readonly queue: number;
}

/** The amount spent between `from` and `at`, a small part of the period. */
interface Entry {
  readonly from: number;
  readonly at: number;
  readonly amount: number;
}

/** What the agent, one caller or one tenant has spent within the last period. */
interface Spending {
  /** Oldest first. */
  readonly log: readonly Entry[];
  /** The calls that were let ahead and have not begun, or the tokens that calls in flight are estimated to use. */
  readonly reserved: number;
}

/** The spending of each caller or tenant; for a limit on the agent, one entry. By `scopeOf`. */
export type RateLimitState = ReadonlyMap<string, Spending>;

export const noSpending: RateLimitState = new Map();

/**
 * A log keeps this many entries exactly. Beyond that, it divides the period into this many parts and merges the entries
 * within a part's length.
 */
const exactEntries = 256;

/** The most callers or tenants that a limit remembers; another one waits until one of them has been silent for a period. */
export const maxCallers = 1024;

const nothing: Spending = { log: [], reserved: 0 };

/**
 * The earliest time at which `amount` more is within the limit: `now` if it fits now, Infinity if nothing or only the
 * end of calls in flight can make room.
 */
export function fitsAt(
  policy: RateLimitPolicy,
  state: RateLimitState,
  scope: string,
  amount: number,
  now: number,
): number {
  const spending = state.get(scope);
  if (spending === undefined) {
    const isFull = policy.per !== "agent" && state.size >= maxCallers;
    if (neededFor(policy, amount) > policy.max) return Number.POSITIVE_INFINITY;
    return isFull ? firstSilent(policy, state, now) : now;
  }
  const allowed = policy.max - spending.reserved - neededFor(policy, amount);
  if (allowed < 0) return Number.POSITIVE_INFINITY;
  let spent = 0;
  // from the newest back: what doesn't fit beside the newer entries has to leave the window first
  for (let i = spending.log.length - 1; i >= 0; i--) {
    const { at, amount: used } = spending.log[i] as Entry;
    if (at + policy.period <= now) break;
    spent += used;
    if (spent > allowed) return at + policy.period;
  }
  return now;
}

/** What the agent, one caller or one tenant has spent within the last period, and has reserved. */
export interface Spent {
  /** By `scopeOf`: empty for the agent, and for calls for no tenant. */
  readonly scope: string;
  readonly used: number;
  readonly reserved: number;
}

/** Those that spent most. */
export function spentIn(
  { period }: RateLimitPolicy,
  state: RateLimitState,
  now: number,
  most: number,
): readonly Spent[] {
  return [...state]
    .map(([scope, { log, reserved }]) => {
      const recent = log.filter(({ at }) => at + period > now);
      return { scope, used: recent.reduce((sum, { amount }) => sum + amount, 0), reserved };
    })
    .sort((one, other) => other.used + other.reserved - one.used - one.reserved)
    .slice(0, most);
}

/** What a call with this token estimate counts as. */
export function amountOf({ measure }: RateLimitPolicy, tokens: number): number {
  return measure === "requests" ? 1 : tokens;
}

/** True for an amount that alone exceeds the limit. */
export function neverFits(policy: RateLimitPolicy, amount: number): boolean {
  return neededFor(policy, amount) > policy.max;
}

/** A call goes ahead: its request, or the tokens that it is estimated to use, are reserved. */
export function reserve(
  policy: RateLimitPolicy,
  state: RateLimitState,
  scope: string,
  amount: number,
  now: number,
): RateLimitState {
  return amount === 0 ? state : write(policy, state, scope, { amount: 0, reserved: amount }, now);
}

/** A call that went ahead begins: its request counts now, in place of the one reserved. */
export function begin(policy: RateLimitPolicy, state: RateLimitState, scope: string, now: number): RateLimitState {
  if (policy.measure === "tokens") return state;
  return write(policy, state, scope, { amount: 1, reserved: -1 }, now);
}

/** A call has ended without having begun: its request is free for another. */
export function giveBack(policy: RateLimitPolicy, state: RateLimitState, scope: string, now: number): RateLimitState {
  if (policy.measure === "tokens") return state;
  return write(policy, state, scope, { amount: 0, reserved: -1 }, now);
}

/** A call has ended: the tokens that it used count now, in place of those reserved. */
export function correct(
  policy: RateLimitPolicy,
  state: RateLimitState,
  scope: string,
  { reserved, used }: { readonly reserved: number; readonly used: number },
  now: number,
): RateLimitState {
  if (policy.measure === "requests" || (reserved === 0 && used === 0)) return state;
  return write(policy, state, scope, { amount: used, reserved: -reserved }, now);
}

/** A call without an estimate goes ahead only while the limit has any room left. */
function neededFor({ measure }: RateLimitPolicy, amount: number): number {
  return measure === "requests" ? amount : Math.max(1, amount);
}

function write(
  policy: RateLimitPolicy,
  state: RateLimitState,
  scope: string,
  { amount, reserved }: { readonly amount: number; readonly reserved: number },
  now: number,
): RateLimitState {
  const known = state.get(scope);
  const next = new Map(known === undefined ? silentLeftOut(policy, state, now) : state);
  const { log, reserved: before } = known ?? nothing;
  next.set(scope, { log: amount === 0 ? log : append(policy, log, amount, now), reserved: before + reserved });
  return next;
}

function append({ period }: RateLimitPolicy, log: readonly Entry[], amount: number, now: number): readonly Entry[] {
  const kept = log.filter(({ at }) => at + period > now);
  const newest = kept.at(-1);
  if (newest !== undefined && kept.length >= exactEntries && now - newest.from < period / exactEntries) {
    // counts as if all of it were spent now, so that the limit holds
    kept[kept.length - 1] = { from: newest.from, at: now, amount: newest.amount + amount };
  } else {
    kept.push({ from: now, at: now, amount });
  }
  return kept;
}

function silentLeftOut({ period }: RateLimitPolicy, state: RateLimitState, now: number): RateLimitState {
  if (state.size < maxCallers / 2) return state;
  return new Map([...state].filter(([, spending]) => silentAt(spending, period) > now));
}

function firstSilent({ period }: RateLimitPolicy, state: RateLimitState, now: number): number {
  let first = Number.POSITIVE_INFINITY;
  for (const spending of state.values()) first = Math.min(first, silentAt(spending, period));
  return Math.max(first, now);
}

/** The time from which the spending can be forgotten. */
function silentAt({ log, reserved }: Spending, period: number): number {
  const newest = log.at(-1);
  if (reserved > 0) return Number.POSITIVE_INFINITY;
  return newest === undefined ? Number.NEGATIVE_INFINITY : newest.at + period;
}
