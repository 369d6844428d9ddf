/** What agents say of the models and tools that they use. */

import * as v from "valibot";
import { checkOptions } from "../contracts/check-options.ts";
import { TroupeError } from "../errors/troupe-error.ts";
import type { ActiveSpan } from "../traces/active-span.ts";
import * as names from "../traces/semantic-names.ts";
import type { Attributes } from "../traces/span.ts";
import { shown } from "../values/shown.ts";

/**
 * What a call of a model used. `input` counts all tokens of the input, those `cached` among them.
 *
 * @since 0.1.0
 */
export interface TokenUsage {
  readonly input?: number;
  readonly output?: number;
  /** How many tokens of the input came out of the provider's cache. */
  readonly cached?: number;
  /** The model that answered. */
  readonly model?: string;
  /** In whatever currency the application counts. */
  readonly cost?: number;
}

/**
 * A call of a model that is about to be made.
 *
 * @since 0.1.0
 */
export interface ModelCall {
  readonly model: string;
  /** Such as `"openai"` or `"anthropic"`. */
  readonly provider?: string;
  /** The messages, shown where `content` is `"all"`. */
  readonly input?: unknown;
}

/**
 * A call of a tool that is about to be made.
 *
 * @since 0.1.0
 */
export interface ToolCall {
  readonly name: string;
  /** Shown where `content` is `"all"`. */
  readonly arguments?: unknown;
}

/**
 * A call of a model that goes on.
 *
 * @since 0.1.0
 */
export interface ActiveModelCall extends ActiveSpan {
  /** Says what it used; the same as {@link AgentContext.useTokens}, which counts for the agent's limits, and on the call's span as well. */
  used(usage: TokenUsage): void;
}

const count = v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0)));

const usageSchema = v.strictObject({
  input: count,
  output: count,
  cached: count,
  model: v.optional(v.string()),
  cost: v.optional(v.pipe(v.number(), v.finite(), v.minValue(0))),
});

const given = v.pipe(v.string(), v.nonEmpty());

const modelCallSchema = v.strictObject({ model: given, provider: v.optional(given), input: v.optional(v.unknown()) });

const toolCallSchema = v.strictObject({ name: given, arguments: v.optional(v.unknown()) });

/** @throws TroupeError `invalid-options`. */
export function checkUsage(usage: unknown): TokenUsage {
  if (typeof usage === "number") {
    if (Number.isSafeInteger(usage) && usage >= 0) return { input: usage };
    throw new TroupeError("invalid-options", `useTokens: tokens is a whole number from 0, not ${shown(usage)}`);
  }
  checkOptions("useTokens", usageSchema, usage);
  return { ...(usage as TokenUsage) };
}

/** @throws TroupeError `invalid-options`. */
export function checkModelCall(call: ModelCall): void {
  checkOptions("modelCall", modelCallSchema, call);
}

/** @throws TroupeError `invalid-options`. */
export function checkToolCall(call: ToolCall): void {
  checkOptions("toolCall", toolCallSchema, call);
}

/** How many tokens count for the agent's limits. */
export function tokensOf({ input = 0, output = 0 }: TokenUsage): number {
  return input + output;
}

/** The usage of two calls together; of what can't be added, that of the later one. */
export function addUsage(one: TokenUsage, other: TokenUsage): TokenUsage {
  const sum = (a: number | undefined, b: number | undefined): number | undefined =>
    a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0);
  return defined({
    input: sum(one.input, other.input),
    output: sum(one.output, other.output),
    cached: sum(one.cached, other.cached),
    cost: sum(one.cost, other.cost),
    model: other.model ?? one.model,
  });
}

export function usageAttributes({ input, output, cached, model, cost }: TokenUsage): Attributes {
  return defined({
    [names.inputTokens]: input,
    [names.outputTokens]: output,
    [names.cachedTokens]: cached,
    [names.responseModel]: model,
    [names.cost]: cost,
  });
}

function defined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
