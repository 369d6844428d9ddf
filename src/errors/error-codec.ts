/**
 * Carries errors between threads. Structured clone drops `code`, own fields and subclasses, and throws on values that
 * can't be cloned. This codec keeps name, message, code, stack, details, the chain of causes and the errors of an
 * AggregateError, and describes other values in words.
 */

import { inspect, types } from "node:util";
import { AskError, type AskOutcome } from "./ask-error.ts";
import type { ErrorCode } from "./error-code.ts";
import type { ErrorDetails } from "./error-details.ts";
import { isTroupeError, TroupeError } from "./troupe-error.ts";

/**
 * The plain form of an error, in which it crosses a thread boundary. JSON carries it without loss.
 *
 * @experimental
 * @since 0.1.0
 */
export interface EncodedError {
  readonly kind: "troupe" | "error" | "value";
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string | number;
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

const unreadable = "something that throws when it is looked at";

/** Turns any thrown value into plain data. Never throws. Contains each error once, also when causes are cyclic. */
export function encodeError(thrown: unknown): EncodedError {
  return encode(thrown, new Set());
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

/** `seen` holds the errors that were encoded before. */
function encode(thrown: unknown, seen: Set<unknown>): EncodedError {
  const encoded = attempt(() => (isError(thrown) ? encodeFields(thrown, seen) : encodeValue(thrown)));
  return encoded ?? { kind: "value", name: typeof thrown, message: unreadable };
}

function encodeFields(error: Error, seen: Set<unknown>): EncodedError {
  seen.add(error);
  const encodeNew = (value: unknown): EncodedError[] =>
    value === undefined || seen.has(value) || seen.size >= maxErrors ? [] : [encode(value, seen)];
  const isTroupe = isTroupeError(error);
  const name = read(error, "name");
  const stack = read(error, "stack");
  const code = read(error, "code");
  const outcome = read(error, "outcome");
  const mayHaveRun = read(error, "mayHaveRun");
  const errors =
    error instanceof AggregateError ? attempt(() => (error.errors as unknown[]).flatMap(encodeNew)) : undefined;
  const [cause] = encodeNew(read(error, "cause"));
  return {
    kind: isTroupe ? "troupe" : "error",
    name: typeof name === "string" ? name : "Error",
    message: describe(read(error, "message") ?? ""),
    ...(typeof stack === "string" ? { stack } : {}),
    ...(typeof code === "string" || Number.isFinite(code) ? { code: code as string | number } : {}),
    ...(isTroupe && typeof outcome === "string" ? { outcome: outcome as AskOutcome } : {}),
    ...(isTroupe && typeof mayHaveRun === "boolean" ? { mayHaveRun } : {}),
    ...(isTroupe ? { details: plainDetails(read(error, "details")) } : {}),
    ...(cause === undefined ? {} : { cause }),
    ...(errors === undefined ? {} : { errors }),
  };
}

function encodeValue(thrown: unknown): EncodedError {
  const value = jsonForm(thrown);
  return { kind: "value", name: typeof thrown, message: describe(thrown), ...(value === undefined ? {} : { value }) };
}

function rebuild(
  { kind, message, code, outcome, mayHaveRun, details = {} }: EncodedError,
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
  const error = errors === undefined ? new Error(message, cause) : new AggregateError(errors, message, cause);
  return code === undefined ? error : Object.assign(error, { code });
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

/** Not `instanceof` alone, which misses errors of other realms; not `isNativeError` alone, which misses a DOMException. */
function isError(value: unknown): value is Error {
  return types.isNativeError(value) || attempt(() => value instanceof Error) === true;
}

/** Getters, the traps of proxies and `toJSON` are foreign code, which may throw. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

function read(owner: object, field: string): unknown {
  return attempt((): unknown => Reflect.get(owner, field));
}

function describe(value: unknown): string {
  if (typeof value === "string") return value;
  const look = (): string =>
    isError(value) ? String(value) : inspect(value, { depth: 2, breakLength: Number.POSITIVE_INFINITY });
  return attempt(look) ?? unreadable;
}

/** Converts field by field, so that a field which JSON can't carry doesn't cost the others. */
function plainDetails(details: unknown): ErrorDetails {
  const fields: [string, unknown][] = [];
  for (const key of attempt(() => Object.keys(details ?? {})) ?? []) {
    const value = read(details as object, key);
    if (value === undefined) continue;
    const form = jsonForm(value);
    fields.push([key, form === undefined ? describe(value) : form]);
  }
  return Object.fromEntries(fields);
}

/**
 * The JSON form of a value, with words for the parts that JSON can't write; undefined where that fails, as for a cycle.
 */
function jsonForm(value: unknown): unknown {
  return attempt((): unknown => JSON.parse(JSON.stringify(value, (_key, part: unknown) => jsonPart(part))));
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
