/** The spans of agents' code at work, and what they used. */

import * as names from "../../traces/semantic-names.ts";
import type { Span } from "../../traces/span.ts";

/** An agent's code at work on a step or a call. */
export function isExecution({ name, attributes }: Span): boolean {
  return names.idempotencyKey in attributes && name.startsWith("execute ");
}

/** Tokens that were used, and what they cost, as agents said. */
export interface Usage {
  readonly input: number;
  readonly output: number;
  /** How many of the input were read from a cache. */
  readonly cached: number;
  readonly cost: number;
}

export interface UsageOf extends Usage {
  /** The step, or the agent of a call. */
  readonly of: string;
  readonly model?: string;
}

const none: Usage = { input: 0, output: 0, cached: 0, cost: 0 };

/** What was used in all, and in which step by which model; of what was recorded. */
export function usageIn(spans: Iterable<Span>): { readonly sum: Usage; readonly parts: readonly UsageOf[] } {
  const parts = new Map<string, UsageOf>();
  let sum = none;
  for (const span of spans) {
    const used = isExecution(span) ? usageOf(span) : undefined;
    if (used === undefined) continue;
    sum = added(sum, used);
    const key = JSON.stringify([used.of, used.model]);
    const known = parts.get(key);
    parts.set(key, known === undefined ? used : { ...used, ...added(known, used) });
  }
  return { sum, parts: [...parts.values()] };
}

/** A call of a model within has been added to it already. */
function usageOf({ attributes }: Span): UsageOf | undefined {
  const number = (name: string): number => Number(attributes[name] ?? 0);
  const used = [names.inputTokens, names.outputTokens, names.cachedTokens, names.cost].map(number);
  if (used.every((n) => n === 0)) return undefined;
  const [input = 0, output = 0, cached = 0, cost = 0] = used;
  const model = attributes[names.responseModel];
  const of = String(attributes[names.stepName] ?? attributes[names.agentName]);
  return { of, ...(typeof model === "string" ? { model } : {}), input, output, cached, cost };
}

function added(one: Usage, other: Usage): Usage {
  return {
    input: one.input + other.input,
    output: one.output + other.output,
    cached: one.cached + other.cached,
    cost: one.cost + other.cost,
  };
}
