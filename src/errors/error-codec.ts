/**
 * Carries errors between threads. Structured clone drops `code`, own fields and subclasses, and throws on values that
 * can't be cloned. This codec keeps name, message, code, HTTP status, stack, details, the chain of causes and the errors of an
 * AggregateError, and describes other values in words.
 */

import { AskError, type AskOutcome } from "./ask-error.ts";
import { statusOf } from "./http-status.ts";
import type { ErrorCode } from "./error-code.ts";
import type { ErrorDetails } from "./error-details.ts";
import { attempt, cut, describe, isError, read } from "./foreign-value.ts";
import { retryDelayOf, withRetryDelay } from "./retry-after.ts";
import { isRefusal, Refusal } from "./refusal.ts";
import { isTroupeError, TroupeError } from "./troupe-error.ts";

/**
 * The plain form of an error, in which it crosses a thread boundary. JSON carries it without loss.
 *
 * @experimental
 * @since 0.1.0
 */
export interface EncodedError {
  readonly kind: "troupe" | "refusal" | "error" | "value";
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string | number;
  /** The HTTP status that the error carried, as `status`, `statusCode` or `response.status`. */
  readonly status?: number;
  /** Milliseconds after which the error said to try again: `retryAfter`, or the `Retry-After` of its response. */
  readonly retryAfter?: number;
  readonly outcome?: AskOutcome;
  readonly mayHaveRun?: boolean;
  readonly details?: ErrorDetails;
  readonly cause?: EncodedError;
  /** What an AggregateError gathered. */
  readonly errors?: readonly EncodedError[];
  /** The JSON form of the thrown value, when it was no error. */
  readonly value?: unknown;
}

/**
 * The most errors that one encoded error holds, with itself and its causes: a getter can make causes without end.
 */
const maxErrors = 32;

/** How many characters the message of an encoded error has at most. What is longer is cut, and says so. */
export const maxMessage = 16_384;

/** How many its stack has at most, which has the message in it. */
const maxStack = 2 * maxMessage;

/** How many characters all messages and stacks of one encoded error have at most, those of its causes included. */
const maxText = 4 * maxStack;

/** How many characters of JSON the details, or the thrown value, have at most. Longer ones are told in words. */
const maxJson = 262_144;

/** How many characters of a field in words, where its JSON is too long. */
const maxWords = 1024;

/** What was encoded before, and how many characters there is room for. */
interface Encoding {
  readonly seen: Set<unknown>;
  text: number;
  json: number;
}

/**
 * Turns any thrown value into plain data of a bounded size. Never throws. Contains each error once, also when causes are cyclic.
 */
export function encodeError(thrown: unknown): EncodedError {
  return encode(thrown, { seen: new Set(), text: maxText, json: maxJson });
}

/**
 * Rebuilds the error that {@link encodeError} encoded. A thrown value that was no error comes back in its JSON form, or
 * as its description if it has none.
 */
export function decodeError(encoded: EncodedError): unknown {
  if (encoded.kind === "value") {
    if ("value" in encoded) return encoded.value;
    return encoded.name === "undefined" ? undefined : encoded.message;
  }
  const cause = encoded.cause === undefined ? {} : { cause: decodeError(encoded.cause) };
  const errors = encoded.errors?.map(decodeError);
  const build = (): Error => rebuild(encoded, cause, errors);
  const error = encoded.stack === undefined ? build() : withoutStack(build);
  if (error.name !== encoded.name) define(error, "name", encoded.name);
  if (encoded.stack !== undefined) define(error, "stack", encoded.stack);
  return error;
}

function encode(thrown: unknown, encoding: Encoding): EncodedError {
  return isError(thrown) ? encodeFields(thrown, encoding) : encodeValue(thrown, encoding);
}

function encodeFields(error: Error, encoding: Encoding): EncodedError {
  const { seen } = encoding;
  seen.add(error);
  const encodeNew = (value: unknown): EncodedError[] =>
    value === undefined || seen.has(value) || seen.size >= maxErrors ? [] : [encode(value, encoding)];
  const kind = isTroupeError(error) ? "troupe" : isRefusal(error) ? "refusal" : "error";
  const isTroupe = kind === "troupe";
  const name = read(error, "name");
  const whole = describe(read(error, "message") ?? "");
  const message = fitText(whole, maxMessage, encoding);
  const stack = read(error, "stack");
  const code = read(error, "code");
  const status = kind !== "error" ? undefined : attempt(() => statusOf(error));
  const retryAfter = kind === "error" ? retryDelayOf(error) : undefined;
  const outcome = read(error, "outcome");
  const mayHaveRun = read(error, "mayHaveRun");
  const details = kind !== "error" ? { details: plainDetails(read(error, "details"), encoding) } : {};
  const trace = typeof stack === "string" && message !== whole ? stack.replace(whole, () => message) : stack;
  const text = typeof trace === "string" ? { stack: fitText(trace, maxStack, encoding) } : {};
  const errors =
    attempt(() => error instanceof AggregateError) === true
      ? attempt(() => (read(error, "errors") as unknown[]).flatMap(encodeNew))
      : undefined;
  const [cause] = encodeNew(read(error, "cause"));
  return {
    kind,
    name: typeof name === "string" ? cut(name, maxWords) : "Error",
    message,
    ...text,
    ...(status === undefined ? {} : { status }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(typeof code === "string" ? { code: cut(code, maxWords) } : {}),
    ...(Number.isFinite(code) ? { code: code as number } : {}),
    ...(isTroupe && typeof outcome === "string" ? { outcome: outcome as AskOutcome } : {}),
    ...(isTroupe && typeof mayHaveRun === "boolean" ? { mayHaveRun } : {}),
    ...details,
    ...(cause === undefined ? {} : { cause }),
    ...(errors === undefined ? {} : { errors }),
  };
}

function encodeValue(thrown: unknown, encoding: Encoding): EncodedError {
  const value = fitJson(thrown, encoding);
  const message = fitText(describe(thrown), maxMessage, encoding);
  return { kind: "value", name: typeof thrown, message, ...(value === undefined ? {} : { value }) };
}

/** As much of a text as there is room for. */
function fitText(text: string, max: number, encoding: Encoding): string {
  const fit = cut(text, Math.min(max, encoding.text));
  encoding.text = Math.max(0, encoding.text - fit.length);
  return fit;
}

/** The JSON form of a value if there is room for it; `undefined` also where there is none. */
function fitJson(value: unknown, encoding: Encoding): unknown {
  const text = jsonText(value);
  if (text === undefined || text.length > encoding.json) return undefined;
  encoding.json -= text.length;
  return JSON.parse(text);
}

function rebuild(
  { kind, message, code, status, retryAfter, outcome, mayHaveRun, details = {} }: EncodedError,
  cause: { readonly cause?: unknown },
  errors: readonly unknown[] | undefined,
): Error {
  if (kind === "troupe") {
    const known = code as ErrorCode;
    return outcome === undefined
      ? new TroupeError(known, message, { ...cause, details })
      : new AskError(outcome, known, message, {
          ...cause,
          details,
          ...(mayHaveRun === undefined ? {} : { mayHaveRun }),
        });
  }
  if (kind === "refusal") return new Refusal(String(code), message, { ...cause, details });
  const error = errors === undefined ? new Error(message, cause) : new AggregateError(errors, message, cause);
  Object.assign(error, code === undefined ? {} : { code }, status === undefined ? {} : { status });
  return withRetryDelay(error, retryAfter);
}

/**
 * Makes an error without capturing a stack, since the caller sets the stack next. Capturing one is most of the cost of
 * decoding.
 */
function withoutStack(build: () => Error): Error {
  const limit = Error.stackTraceLimit;
  Reflect.set(Error, "stackTraceLimit", 0); // does nothing where the built-in objects are frozen
  try {
    return build();
  } finally {
    Reflect.set(Error, "stackTraceLimit", limit);
  }
}

function define(error: Error, field: string, value: unknown): void {
  Object.defineProperty(error, field, { value, writable: true, configurable: true });
}

/** Converts field by field, so that a field which JSON can't carry, or which is too large, doesn't cost the others. */
function plainDetails(details: unknown, encoding: Encoding): ErrorDetails {
  const fields: [string, unknown][] = [];
  for (const key of attempt(() => Object.keys(details ?? {})) ?? []) {
    const value = read(details as object, key);
    if (value === undefined) continue;
    const form = fitJson(value, encoding);
    fields.push([key, form === undefined ? cut(describe(value), maxWords) : form]);
  }
  return Object.fromEntries(fields);
}

/** A value as JSON, with words for the parts that JSON can't write; undefined where that fails, as for a cycle. */
function jsonText(value: unknown): string | undefined {
  return attempt((): string | undefined => JSON.stringify(value, (_key, part: unknown) => jsonPart(part)));
}

function jsonPart(part: unknown): unknown {
  switch (typeof part) {
    case "number":
      return Number.isFinite(part) ? part : String(part);
    case "bigint":
    case "symbol":
    case "function":
      return describe(part);
    case "object":
      if (part instanceof Map || part instanceof Set) return [...(part as Iterable<unknown>)];
      return isError(part) ? describe(part) : part;
    default:
      return part;
  }
}
