/**
 * The circuit breaker of one agent, as a pure state machine. Closed, it counts failures; open, it lets nothing through;
 * half-open, it lets a few probes through, whose outcomes decide.
 *
 * Sources: M. Nygard, Release It!, 2nd ed., "Circuit Breaker"; the failure rate over a sliding window with a minimum of
 * calls, and slow calls, as in resilience4j; a call that began in an earlier state says nothing about this one, as in
 * sony/gobreaker.
 */

import { type Backoff, type BackoffOptions, pauseOf } from "../../actors/backoff.ts";
import type { ErrorMatcher } from "./error-matcher.ts";
import type { CallOutcome } from "./permit.ts";

/**
 * When a circuit breaker opens, for how long, and what closes it again.
 *
 * @since 0.1.0
 */
export interface BreakerOptions {
  /**
   * The breaker opens after this many failures without a success in between. Default 5; `Infinity` turns this rule off.
   */
  readonly consecutiveFailures?: number;
  /**
   * The breaker opens when this share of the calls that ended within the window failed, more than 0 and at most 1.
   * Default 0.5; `Infinity` turns this rule off.
   */
  readonly failureRate?: number;
  /** The length in milliseconds of the window for the failure rate; it slides in steps of a tenth. Default 60,000. */
  readonly window?: number;
  /** With fewer calls than this in the window, the failure rate doesn't count. Default 20. */
  readonly minimumCalls?: number;
  /** A call that takes longer, in milliseconds, counts as a failure even if it succeeds. Default `Infinity`: none. */
  readonly slowAfter?: number;
  /**
   * How long it stays open; longer each time that the probes fail. Default: 5 s, doubled each time up to 5 minutes;
   * chance takes off up to a fifth.
   */
  readonly openFor?: BackoffOptions;
  /** How many calls a half-open breaker lets through; it closes when all of them have succeeded. Default 3. */
  readonly probes?: number;
  /**
   * Which errors count as failures; others say nothing about the agent. Default: errors that show that something is broken. These
   * are errors of the language and the platform (`TypeError`, `TimeoutError`), errors with a code of the system (`ECONNRESET`) or an
   * HTTP status that is 408, 429 or at least 500, and Troupe's own, by themselves or among their causes. Any other error is taken for
   * an answer of an agent that works, such as `new Error("the card was declined")`. `() => true` counts all. Whatever this says, a timeout and a
   * thread's death count (the death once, however many calls it takes along), and these don't: an input that violates the contract, a cancelled call, a stopped agent.
   */
  readonly counts?: ErrorMatcher;
}

/**
 * {@link BreakerOptions} with the defaults filled in.
 *
 * @experimental
 * @since 0.1.0
 */
export interface BreakerPolicy extends Required<Omit<BreakerOptions, "openFor" | "counts">> {
  readonly openFor: Backoff;
  readonly counts: ErrorMatcher | undefined;
}

/**
 * Why a breaker opened: by which rule, and after which failures.
 *
 * @since 0.1.0
 */
export interface OpenedBecause {
  readonly rule: "consecutive-failures" | "failure-rate" | "probe-failed";
  /** How many calls failed, and how many were counted. */
  readonly failures: number;
  readonly calls: number;
  /** The error of the last failed call. */
  readonly last: string;
}

/** The calls that ended within one tenth of the window. */
interface Slice {
  readonly index: number;
  readonly calls: number;
  readonly failures: number;
}

/** `generation` counts changes of status: a call belongs to the generation in which it began. Times in the clock's milliseconds. */
export type BreakerState =
  | {
      readonly status: "closed";
      readonly generation: number;
      /** Failures since the last success. */
      readonly consecutive: number;
      /** The error of the last failure, if there was one. */
      readonly last: string;
      /** When a call was counted last that was lost with its thread; -Infinity for never. Those in flight then were lost with it. */
      readonly lostAt: number;
      /** Oldest first; slices without a call are left out. */
      readonly slices: readonly Slice[];
    }
  | {
      readonly status: "open";
      readonly generation: number;
      readonly why: OpenedBecause;
      readonly retryAt: number;
      /** How often it has opened since it was last closed. */
      readonly openings: number;
    }
  | {
      readonly status: "half-open";
      readonly generation: number;
      readonly why: OpenedBecause;
      readonly openings: number;
      /** When each probe that is in flight began, oldest first. */
      readonly probes: readonly number[];
      readonly succeeded: number;
    };

/** A breaker that has opened and has not closed again. */
export type TrippedBreaker = Exclude<BreakerState, { readonly status: "closed" }>;

/**
 * - `look`: a call is about to be made; an open breaker whose time has come turns half-open.
 * - `begin`: a call goes ahead, which {@link isBlocking} has to allow.
 * - `end`: a call that began in that generation, at that time, is over; with `excused`, it counts as neither success
 *   nor failure.
 * - `succeeded`: so many calls of that generation succeeded within slices of the window, and are counted now.
 * - `tick`: time has passed; see {@link breakerDue}.
 */
export type BreakerEvent =
  | { readonly type: "look" }
  | { readonly type: "begin" }
  | {
      readonly type: "end";
      readonly generation: number;
      readonly began: number;
      readonly took: number;
      readonly outcome: CallOutcome;
      readonly error: string;
    }
  | { readonly type: "succeeded"; readonly generation: number; readonly slices: readonly Successes[] }
  | { readonly type: "tick" };

/** Calls that succeeded within one slice of the window. */
export interface Successes {
  readonly slice: number;
  readonly calls: number;
}

const slicesPerWindow = 10;

/** The slice of the window that a time is in. */
export function sliceAt({ window }: Pick<BreakerPolicy, "window">, time: number): number {
  return Math.floor(time / (window / slicesPerWindow));
}

export const closedBreaker: BreakerState = Object.freeze({
  status: "closed",
  generation: 0,
  consecutive: 0,
  last: "",
  lostAt: Number.NEGATIVE_INFINITY,
  slices: Object.freeze([]),
});

/** True while no further call may go ahead. */
export function isBlocking({ probes }: BreakerPolicy, state: BreakerState): state is TrippedBreaker {
  switch (state.status) {
    case "closed":
      return false;
    case "open":
      return true;
    case "half-open":
      return state.probes.length + state.succeeded >= probes;
  }
}

/** When the breaker next wants a `tick`: when a probe that is in flight has become a slow one. Infinity for never. */
export function breakerDue({ slowAfter }: BreakerPolicy, state: BreakerState): number {
  const [oldest] = state.status === "half-open" ? state.probes : [];
  return oldest === undefined ? Number.POSITIVE_INFINITY : oldest + slowAfter;
}

/**
 * Returns the breaker after an event. `random` returns a number in [0, 1) and is called once, when the breaker opens.
 *
 * Guarantees: while half-open, the probes in flight and those that succeeded are together never more than the policy
 * allows; every change of status begins the next generation.
 */
export function stepBreaker(
  policy: BreakerPolicy,
  state: BreakerState,
  event: BreakerEvent,
  now: number,
  random: () => number,
): BreakerState {
  switch (event.type) {
    case "look":
      return state.status === "open" && now >= state.retryAt ? halfOpen(state) : state;
    case "begin":
      return state.status === "half-open" ? { ...state, probes: [...state.probes, now] } : state;
    case "end":
      if (event.generation !== state.generation || state.status === "open") return state;
      return state.status === "closed"
        ? count(policy, state, event, now, random)
        : judge(policy, state, event, now, random);
    case "succeeded": {
      if (event.generation !== state.generation || state.status !== "closed") return state;
      const slices = event.slices.reduce((all, { slice, calls }) => addCalls(all, slice, calls, 0), state.slices);
      return { ...state, consecutive: 0, slices };
    }
    case "tick":
      if (state.status !== "half-open" || now < breakerDue(policy, state)) return state;
      return reopen(policy, state, `a probe took more than ${policy.slowAfter} ms`, now, random);
  }
}

type In<S extends BreakerState["status"]> = Extract<BreakerState, { readonly status: S }>;
type End = Extract<BreakerEvent, { readonly type: "end" }>;

function count(policy: BreakerPolicy, state: In<"closed">, event: End, now: number, random: () => number) {
  const isLost = event.outcome === "lost";
  if (event.outcome === "excused" || (isLost && event.began <= state.lostAt)) return state;
  const failure = failureOf(policy, event);
  const isFailure = failure !== undefined;
  const last = failure ?? state.last;
  const consecutive = isFailure ? state.consecutive + 1 : 0;
  const slices = addCalls(state.slices, sliceAt(policy, now), 1, isFailure ? 1 : 0);
  const lostAt = isLost ? now : state.lostAt;
  const next: BreakerState = { status: "closed", generation: state.generation, consecutive, last, lostAt, slices };
  if (consecutive >= policy.consecutiveFailures) {
    const why: OpenedBecause = {
      rule: "consecutive-failures",
      failures: consecutive,
      calls: consecutive,
      last,
    };
    return open(policy, next, why, 1, now, random);
  }
  const { calls, failures } = total(slices);
  if (calls < policy.minimumCalls || failures / calls < policy.failureRate) return next;
  return open(policy, next, { rule: "failure-rate", failures, calls, last }, 1, now, random);
}

function judge(policy: BreakerPolicy, state: In<"half-open">, event: End, now: number, random: () => number) {
  const at = state.probes.indexOf(event.began);
  if (at < 0) return state;
  const probes = state.probes.toSpliced(at, 1);
  if (event.outcome === "excused") return { ...state, probes };
  const failure = failureOf(policy, event);
  if (failure !== undefined) return reopen(policy, state, failure, now, random);
  const succeeded = state.succeeded + 1;
  if (succeeded < policy.probes) return { ...state, probes, succeeded };
  return { ...closedBreaker, generation: state.generation + 1 };
}

/** The text of the call's failure; `undefined` if it didn't fail. */
function failureOf({ slowAfter }: BreakerPolicy, { outcome, took, error }: End): string | undefined {
  if (outcome !== "ok") return error;
  return took > slowAfter ? `it took ${Math.round(took)} ms, more than ${slowAfter}` : undefined;
}

function open(
  { openFor }: BreakerPolicy,
  { generation }: BreakerState,
  why: OpenedBecause,
  openings: number,
  now: number,
  random: () => number,
): BreakerState {
  const retryAt = now + pauseOf(openFor, openings, random());
  return { status: "open", generation: generation + 1, why, retryAt, openings };
}

function reopen(policy: BreakerPolicy, state: In<"half-open">, last: string, now: number, random: () => number) {
  const why: OpenedBecause = { rule: "probe-failed", failures: 1, calls: state.succeeded + 1, last };
  return open(policy, state, why, state.openings + 1, now, random);
}

function halfOpen({ generation, why, openings }: In<"open">): BreakerState {
  return { status: "half-open", generation: generation + 1, why, openings, probes: [], succeeded: 0 };
}

/** Adds calls to a slice, which may be an older one than the newest. */
function addCalls(slices: readonly Slice[], index: number, calls: number, failures: number): readonly Slice[] {
  const newest = Math.max(index, slices.at(-1)?.index ?? index);
  const kept = slices.filter((slice) => slice.index > newest - slicesPerWindow);
  if (index <= newest - slicesPerWindow) return kept;
  const at = kept.findLastIndex((slice) => slice.index <= index);
  const found = kept[at];
  if (found?.index !== index) return kept.toSpliced(at + 1, 0, { index, calls, failures });
  return kept.with(at, { index, calls: found.calls + calls, failures: found.failures + failures });
}

function total(slices: readonly Slice[]): { readonly calls: number; readonly failures: number } {
  let calls = 0;
  let failures = 0;
  for (const slice of slices) {
    calls += slice.calls;
    failures += slice.failures;
  }
  return { calls, failures };
}
