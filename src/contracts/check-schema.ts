/** The check of a schema that a definition gives: values are checked at once, so nothing in it may be asynchronous. */

import { types } from "node:util";
import { kindOf } from "../values/value-copier.ts";
import { guardCheck } from "./guard-check.ts";

/**
 * Says what is wrong with a schema, as the rest of a sentence that begins with its name; `undefined` for a valibot schema that
 * checks at once. An asynchronous one would give a promise, which passes for a value or as "true": everything would be let
 * through. A check that returns a promise without being declared `async` can't be seen here. The schema is changed so that it
 * throws when such a check runs ({@link guardCheck}).
 */
export function schemaProblem(schema: unknown): string | undefined {
  if (!isPart(schema) || schema.kind !== "schema")
    return `is a valibot schema, such as v.object({ … }), not ${kindOf(schema)}`;
  const path = asyncPart(schema, [], new Set());
  if (path === undefined) return undefined;
  const where = path.length === 0 ? "at its root" : `at ${path.join(".")}`;
  return `has to check at once, and is asynchronous ${where}. Check that in the code, where it can be awaited.`;
}

/** A schema, or an action of a pipe. */
interface Part {
  readonly kind: string;
  readonly type?: unknown;
  readonly async?: unknown;
}

function isPart(value: unknown): value is Part {
  return typeof value === "object" && value !== null && typeof (value as { kind?: unknown }).kind === "string";
}

/** The path to the first part that is asynchronous. */
function asyncPart(part: Part, path: readonly string[], seen: Set<unknown>): readonly string[] | undefined {
  if (seen.has(part)) return undefined;
  seen.add(part);
  if (part.async === true) return path;
  for (const [name, value] of Object.entries(part)) {
    if (name.startsWith("~") || name === "message") continue;
    if (typeof value === "function") guardCheck(part, name, value as () => unknown);
    const found = asyncWithin(name, value, path, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

function asyncWithin(
  name: string,
  value: unknown,
  path: readonly string[],
  seen: Set<unknown>,
): readonly string[] | undefined {
  if (types.isAsyncFunction(value)) return path;
  if (name === "getter" && typeof value === "function")
    return asyncPartOf(lazily(value as (value: unknown) => unknown, seen), path, seen);
  if (name === "entries" && typeof value === "object" && value !== null) {
    return first(Object.entries(value), ([key, entry]) => asyncPartOf(entry, [...path, key], seen));
  }
  if (Array.isArray(value)) {
    const isTuple = name === "items";
    return first([...value.entries()], ([i, item]) => asyncPartOf(item, isTuple ? [...path, String(i)] : path, seen));
  }
  return asyncPartOf(value, name === "item" || name === "value" ? [...path, "*"] : path, seen);
}

function asyncPartOf(value: unknown, path: readonly string[], seen: Set<unknown>): readonly string[] | undefined {
  return isPart(value) ? asyncPart(value, path, seen) : undefined;
}

/** What a lazy schema stands for, once; `undefined` where that depends on the value. */
function lazily(getter: (value: unknown) => unknown, seen: Set<unknown>): unknown {
  if (seen.has(getter)) return undefined;
  seen.add(getter);
  try {
    return getter(undefined);
  } catch {
    return undefined; // it looks into the value that it is for
  }
}

function first<T, R>(values: readonly T[], find: (value: T) => R | undefined): R | undefined {
  for (const value of values) {
    const found = find(value);
    if (found !== undefined) return found;
  }
  return undefined;
}
