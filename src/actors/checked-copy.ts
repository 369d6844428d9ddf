/**
 * A contract compiled into one function that checks a message and copies it in the same pass: for the plain schemas that most
 * messages have, several times as fast as parsing and then copying (`bench/messages.ts`). It never decides alone: what it can't
 * vouch for goes to valibot and the copier, which also make the error.
 */

import * as v from "valibot";

/** Returned instead of a copy: this value is for the slow path. */
export const unfit: unique symbol = Symbol("unfit");

/** Adds up what a copy takes on the wire, about. */
export interface Tally {
  bytes: number;
}

/**
 * Returns the schema's output for `value`, as a copy that JSON carries without loss; or {@link unfit}.
 */
export type CheckedCopy = (value: unknown, tally: Tally) => unknown;

/** Compiles a schema, if it is made of objects, arrays, primitives, literals and picklists, optional or nullable. */
export function compileCheckedCopy(schema: v.GenericSchema): CheckedCopy | undefined {
  const { type } = schema;
  if ("pipe" in schema)
    return compileChecks(schema, (schema.pipe as readonly v.PipeItem<unknown, unknown, v.BaseIssue<unknown>>[]) ?? []);
  switch (type) {
    case "string":
      return copyString;
    case "number":
      return copyNumber;
    case "boolean":
      return copyBoolean;
    case "literal":
      return copyOneOf([(schema as unknown as { literal: unknown }).literal]);
    case "picklist":
      return copyOneOf((schema as unknown as { options: readonly unknown[] }).options);
    case "nullable":
      return compileNullable(schema as unknown as { wrapped: v.GenericSchema });
    case "array":
      return compileArray(schema as unknown as { item: v.GenericSchema });
    case "object":
    case "strict_object":
      return compileObject(schema as unknown as { entries: Record<string, v.GenericSchema> }, type === "strict_object");
    default:
      return undefined;
  }
}

function copyString(value: unknown, tally: Tally): unknown {
  if (typeof value !== "string") return unfit;
  tally.bytes += value.length + 2;
  return value;
}

/** JSON has no NaN, no infinities and no negative zero. */
function copyNumber(value: unknown, tally: Tally): unknown {
  if (typeof value !== "number" || !Number.isFinite(value) || Object.is(value, -0)) return unfit;
  tally.bytes += 8;
  return value;
}

function copyBoolean(value: unknown, tally: Tally): unknown {
  if (typeof value !== "boolean") return unfit;
  tally.bytes += 4;
  return value;
}

function copyOneOf(options: readonly unknown[]): CheckedCopy | undefined {
  const known = new Set(options);
  for (const option of known) if (typeof option !== "string" && typeof option !== "boolean") return undefined;
  return (value, tally) => {
    if (!known.has(value)) return unfit;
    tally.bytes += String(value).length + 2;
    return value;
  };
}

/** Primitives with checks behind them; what transforms is for valibot. */
function compileChecks(
  schema: v.GenericSchema,
  pipe: readonly v.PipeItem<unknown, unknown, v.BaseIssue<unknown>>[],
): CheckedCopy | undefined {
  const [, ...actions] = pipe;
  const copy = schema.type === "string" ? copyString : schema.type === "number" ? copyNumber : undefined;
  if (copy === undefined || actions.some(({ kind }) => kind !== "validation")) return undefined;
  return (value, tally) => (v.is(schema, value) ? copy(value, tally) : unfit);
}

function compileNullable({ wrapped }: { wrapped: v.GenericSchema }): CheckedCopy | undefined {
  const copy = compileCheckedCopy(wrapped);
  if (copy === undefined) return undefined;
  return (value, tally) => {
    if (value !== null) return copy(value, tally);
    tally.bytes += 4;
    return null;
  };
}

function compileArray({ item }: { item: v.GenericSchema }): CheckedCopy | undefined {
  const copy = compileCheckedCopy(item);
  if (copy === undefined) return undefined;
  return (value, tally) => {
    if (!Array.isArray(value)) return unfit;
    const copies: unknown[] = [];
    tally.bytes += value.length + 2;
    for (let i = 0; i < value.length; i++) {
      const copied = copy(value[i], tally);
      if (copied === unfit) return unfit;
      copies.push(copied);
    }
    return copies;
  };
}

interface Field {
  readonly key: string;
  readonly copy: CheckedCopy;
  readonly isOptional: boolean;
}

function compileObject(
  { entries }: { entries: Record<string, v.GenericSchema> },
  isStrict: boolean,
): CheckedCopy | undefined {
  const fields: Field[] = [];
  for (const [key, schema] of Object.entries(entries)) {
    if (key === "__proto__") return undefined;
    const isOptional =
      schema.type === "optional" && (schema as { default?: unknown }).default === undefined && !("pipe" in schema);
    const copy = compileCheckedCopy(isOptional ? (schema as unknown as { wrapped: v.GenericSchema }).wrapped : schema);
    if (copy === undefined) return undefined;
    fields.push({ key, copy, isOptional });
  }
  return (value, tally) => {
    if (typeof value !== "object" || value === null) return unfit;
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return unfit;
    const source = value as Record<string, unknown>;
    const copied: Record<string, unknown> = {};
    tally.bytes += 2;
    let present = 0;
    for (let i = 0; i < fields.length; i++) {
      const { key, copy, isOptional } = fields[i] as Field;
      const field = source[key];
      if (field === undefined) {
        // a field that is there with the value undefined is not the same as one that is missing
        if (!isOptional || key in source) return unfit;
        continue;
      }
      const fieldCopy = copy(field, tally);
      if (fieldCopy === unfit) return unfit;
      copied[key] = fieldCopy;
      tally.bytes += key.length + 4;
      present++;
    }
    if (isStrict && Object.keys(source).length !== present) return unfit;
    return copied;
  };
}
