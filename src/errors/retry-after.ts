/** The time after which a failed call is worth another attempt, as its error says: that of a server, or of an agent. */

import { describe } from "./foreign-value.ts";
import { TroupeError } from "./troupe-error.ts";

const brand: unique symbol = Symbol.for("troupe.retry-after");

/** Where clients of HTTP put the headers of a response. */
const places: readonly (readonly string[])[] = [["headers"], ["response", "headers"]];

/**
 * An error that says when to try again. Throw it in `execute` when what the agent depends on is busy and says for how long. Where
 * the agent's `policies.retry` gives the call another attempt, it is not made before then; and where the agent has
 * `policies.rateLimits`, no other call of it begins before then either.
 *
 * An error that a client of HTTP throws need not be wrapped: `Retry-After` among its headers is heeded by itself, and so is
 * `retry-after-ms`.
 *
 * @param ms milliseconds from now.
 * @param cause why; the breaker looks at it as at any error.
 * @throws TroupeError `invalid-options` for anything but a number of milliseconds from 0.
 * @example
 * if (answer.status === "busy") throw retryAfter(answer.seconds * 1000, new Error("the model is busy"));
 * @since 0.1.0
 */
export function retryAfter(ms: number, cause?: unknown): Error {
  if (!isDelay(ms))
    throw new TroupeError("invalid-options", `retryAfter: ms is a number of milliseconds from 0, not ${describe(ms)}`);
  const error = new Error(`to be tried again after ${ms} ms`, cause === undefined ? {} : { cause });
  return Object.defineProperty(error, brand, { value: ms });
}

/**
 * Milliseconds after which an error says to try again; `undefined` if it doesn't, or can't be read. Its causes are not looked at.
 *
 * `Retry-After` is a number of seconds or a date (RFC 9110, 10.2.3). A date is taken from the response's own `Date`, so that the clocks of
 * two machines need not agree.
 */
export function retryDelayOf(error: unknown): number | undefined {
  try {
    const own = fieldOf(error, brand);
    if (isDelay(own)) return own;
    return places.map((path) => delayIn(path.reduce<unknown>(fieldOf, error))).find(isDelay);
  } catch {
    return undefined; // a getter of its own throws: then it says nothing
  }
}

function delayIn(headers: unknown): number | undefined {
  const precise = Number(headerOf(headers, "retry-after-ms") ?? Number.NaN);
  if (isDelay(precise)) return precise;
  const text = headerOf(headers, "retry-after");
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text.trim())) return 1000 * Number(text);
  const wait = Date.parse(text) - Date.parse(headerOf(headers, "date") ?? "");
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}

/** A header by its name in lower case, of `Headers` or of a plain object. */
function headerOf(headers: unknown, name: string): string | undefined {
  if (typeof headers !== "object" || headers === null) return undefined;
  const value: unknown =
    "get" in headers && typeof headers.get === "function"
      ? (headers as { get(name: string): unknown }).get(name)
      : Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  const one: unknown = Array.isArray(value) ? value[0] : value;
  return typeof one === "string" || typeof one === "number" ? String(one) : undefined;
}

function fieldOf(value: unknown, field: string | symbol): unknown {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string | symbol, unknown>>)[field]
    : undefined;
}

function isDelay(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value < Number.POSITIVE_INFINITY;
}

/** Gives an error that was carried here the delay that it had. */
export function withRetryDelay(error: Error, ms: number | undefined): Error {
  return ms === undefined ? error : Object.defineProperty(error, brand, { value: ms });
}
