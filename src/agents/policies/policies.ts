/** The policies in front of an agent, their defaults, and the check of the options. */

import * as v from "valibot";
import { checkOptions } from "../../contracts/check-options.ts";
import { resolveBackoff } from "../../actors/backoff.ts";
import type { BreakerOptions, BreakerPolicy } from "./breaker.ts";
import type { BulkheadOptions, BulkheadPolicy } from "./bulkhead.ts";
import type { ErrorMatcher } from "./error-matcher.ts";
import type { RateLimit, RateLimitPolicy } from "./rate-limit.ts";
import type { RetryOptions, RetryPolicy } from "./retry.ts";

/**
 * The policies for all calls of an agent in a system: steps of runs under either coordination and direct asks, from any
 * thread. Composed in this order, outermost first: retry, breaker, rate limits, bulkhead, timeout. So each attempt is a
 * call of its own, an open breaker rejects it before it waits for anything, and only the time of the agent's own code
 * counts towards its timeout.
 *
 * `In` is the agent's input; policies for any agent are `PolicyOptions` without it.
 *
 * @since 0.1.0
 */
export interface PolicyOptions<In = unknown> {
  /** Fails fast while the agent fails. On by default; `false` for none. */
  readonly breaker?: BreakerOptions | false;
  /** How many calls at a time. Default: no limit; each of the agent's actors also has its own `concurrency`. */
  readonly bulkhead?: BulkheadOptions;
  /** How many calls, or tokens, in a period; all of them apply. Default: none. */
  readonly rateLimits?: readonly RateLimit[];
  /** The tokens that a call with this input will use at most, for limits on tokens. Rounded up. Default: none. */
  readonly estimateTokens?: (input: In) => number;
  /** Whether a call that failed is tried again. Default: no. */
  readonly retry?: RetryOptions;
  /** Whether a compensation that failed is tried again. Default: 5 attempts. */
  readonly compensationRetry?: RetryOptions;
  /**
   * Milliseconds that one attempt may take, counted from when the agent's code begins. After that its signal aborts,
   * and it ends as `timed-out` with its outcome unknown. Code that ignores the signal runs on and keeps its place with
   * the agent until it ends or, 5 s later, is left behind: what it does from then on is refused. Default: no limit.
   */
  readonly timeout?: number;
  /**
   * Milliseconds that an attempt of an agent with `emits` may go on without emitting anything. After that it ends as by `timeout`. The
   * time that it waits for its listeners to take what it has emitted doesn't count. Default: no limit.
   */
  readonly idleTimeout?: number;
}

/**
 * {@link PolicyOptions} with the defaults filled in.
 *
 * @since 0.1.0
 */
export interface Policies {
  readonly breaker: BreakerPolicy | false;
  readonly bulkhead: BulkheadPolicy | undefined;
  readonly rateLimits: readonly RateLimitPolicy[];
  readonly estimateTokens: ((input: never) => number) | undefined;
  readonly retry: RetryPolicy;
  readonly compensationRetry: RetryPolicy;
  readonly timeout: number;
  readonly idleTimeout: number;
}

const backoff = { first: 100, factor: 2, max: 10_000, jitter: 0.5 };

/** The agent as its policies know it. */
export interface GuardedAgent {
  readonly name: string;
  readonly policies: Policies;
}

/**
 * The defaults; `docs/concepts/policies.md` has them as a table.
 *
 * @since 0.1.0
 */
export const defaultPolicies = {
  breaker: {
    consecutiveFailures: 5,
    failureRate: 0.5,
    window: 60_000,
    minimumCalls: 20,
    slowAfter: Number.POSITIVE_INFINITY,
    openFor: { first: 5_000, factor: 2, max: 300_000, jitter: 0.2 },
    probes: 3,
    counts: undefined,
  },
  bulkhead: undefined,
  rateLimits: [],
  estimateTokens: undefined,
  retry: { attempts: 1, backoff, errors: undefined },
  compensationRetry: { attempts: 5, backoff, errors: undefined },
  timeout: Number.POSITIVE_INFINITY,
  idleTimeout: Number.POSITIVE_INFINITY,
} as const satisfies Policies;

/** How many calls may wait for a policy whose options don't say. */
const defaultQueue = { bulkhead: 100, rateLimit: 1_000 };

const defaultPeriod = 60_000;

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const countFrom0 = v.pipe(v.number(), v.integer(), v.minValue(0));
const countOrNever = v.custom<number>(
  (number) => v.is(count, number) || number === Number.POSITIVE_INFINITY,
  "expected a whole number from 1, or Infinity",
);
const duration = v.pipe(v.number(), v.finite(), v.minValue(1));
const durationOrNever = v.pipe(v.number(), v.minValue(1));
const fraction = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

const oneError = v.union(
  [v.pipe(v.string(), v.nonEmpty()), v.function()],
  "expected an error's code or a function of the error",
);
const errors = v.custom<ErrorMatcher>(
  (matcher) => v.is(v.union([oneError, v.array(oneError)]), matcher),
  "expected an error's code, a function of the error, or a list of these",
);

const backoffSchema = v.strictObject({
  first: v.optional(v.pipe(v.number(), v.finite(), v.minValue(0))),
  factor: v.optional(v.pipe(v.number(), v.finite(), v.minValue(1))),
  max: v.optional(v.pipe(v.number(), v.finite(), v.minValue(0))),
  jitter: v.optional(fraction),
});

const retrySchema = v.strictObject({
  attempts: v.optional(count),
  backoff: v.optional(backoffSchema),
  errors: v.optional(errors),
});

const rateLimitSchema = v.pipe(
  v.strictObject({
    requests: v.optional(count),
    tokens: v.optional(count),
    period: v.optional(duration),
    per: v.optional(v.picklist(["agent", "caller", "tenant"])),
    onExceeded: v.optional(v.picklist(["queue", "reject"])),
    queue: v.optional(count),
  }),
  v.check(({ requests, tokens }) => (requests ?? tokens) !== undefined, "expected requests, tokens or both"),
  v.check(
    ({ onExceeded, queue }) => onExceeded !== "reject" || queue === undefined,
    'expected no queue with onExceeded: "reject"',
  ),
);

const schema = v.strictObject({
  breaker: v.optional(
    v.union(
      [
        v.literal(false),
        v.strictObject({
          consecutiveFailures: v.optional(countOrNever),
          failureRate: v.optional(
            v.custom<number>(
              (rate) => typeof rate === "number" && rate > 0 && (rate <= 1 || rate === Number.POSITIVE_INFINITY),
              "expected a number above 0 and up to 1, or Infinity",
            ),
          ),
          window: v.optional(duration),
          minimumCalls: v.optional(count),
          slowAfter: v.optional(durationOrNever),
          openFor: v.optional(backoffSchema),
          probes: v.optional(count),
          counts: v.optional(errors),
        }),
      ],
      ({ issues = [] }) => issues.find(({ path }) => path !== undefined)?.message ?? "expected an object or false",
    ),
  ),
  bulkhead: v.optional(
    v.strictObject({ concurrent: count, perTenant: v.optional(count), queue: v.optional(countFrom0) }),
  ),
  rateLimits: v.optional(v.array(rateLimitSchema)),
  estimateTokens: v.optional(v.function("expected a function of the input")),
  retry: v.optional(retrySchema),
  compensationRetry: v.optional(retrySchema),
  timeout: v.optional(durationOrNever),
  idleTimeout: v.optional(durationOrNever),
});

/**
 * Fills in the defaults.
 *
 * @param where begins the error's message, such as `defineAgent credit-score`.
 * @throws TroupeError `invalid-options` that names the option, what was expected and what was given.
 */
export function resolvePolicies<In>(where: string, options: PolicyOptions<In> = {}): Policies {
  checkOptions(where, schema, options, "policies");
  const { breaker = {}, bulkhead, rateLimits = [], estimateTokens, retry, compensationRetry, timeout } = options;
  return Object.freeze({
    breaker: breaker === false ? false : breakerOf(breaker),
    bulkhead: bulkhead && Object.freeze({ queue: defaultQueue.bulkhead, ...given(bulkhead) }),
    rateLimits: Object.freeze(rateLimits.flatMap(limitsOf)),
    estimateTokens,
    retry: retryOf(retry, defaultPolicies.retry),
    compensationRetry: retryOf(compensationRetry, defaultPolicies.compensationRetry),
    timeout: timeout ?? defaultPolicies.timeout,
    idleTimeout: options.idleTimeout ?? defaultPolicies.idleTimeout,
  });
}

function breakerOf({ openFor, ...rules }: BreakerOptions): BreakerPolicy {
  const defaults = defaultPolicies.breaker;
  return Object.freeze({
    ...defaults,
    ...given(rules),
    openFor: resolveBackoff(given(openFor ?? {}), defaults.openFor),
  });
}

function retryOf({ backoff: pauses, ...rules }: RetryOptions = {}, defaults: RetryPolicy): RetryPolicy {
  return Object.freeze({
    ...defaults,
    ...given(rules),
    backoff: resolveBackoff(given(pauses ?? {}), defaults.backoff),
  });
}

/** Without the fields that plain JavaScript has as `undefined`. */
function given<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

/** Splits a limit on requests and tokens into two limits. */
function limitsOf({ requests, tokens, ...limit }: RateLimit): readonly RateLimitPolicy[] {
  const { period = defaultPeriod, per = "agent", onExceeded = "queue", queue = defaultQueue.rateLimit } = limit;
  const terms = { period, per, queue: onExceeded === "reject" ? 0 : queue };
  const of = (measure: RateLimitPolicy["measure"], max: number | undefined): readonly RateLimitPolicy[] =>
    max === undefined ? [] : [Object.freeze({ measure, max, ...terms })];
  return [...of("requests", requests), ...of("tokens", tokens)];
}
