/**
 * The values of CSV cells. A cell is text, but is read as a number, a boolean or nothing if the workflow's input schema
 * expects that.
 */

import type * as v from "valibot";

/** The kinds of value that a schema accepts for a cell. Others are passed as text, for the contract to judge. */
export type CellKind = "text" | "number" | "boolean" | "null" | "absent";

/** The kinds of each column that the schema knows. */
export type CellKinds = ReadonlyMap<string, ReadonlySet<CellKind>>;

/** A cell's value; `expected`, if the cell can't be read; or `absent`, if the field is to be left out. */
export type Cell = { readonly value: unknown } | { readonly expected: string } | "absent";

/** The parts of valibot's schemas that tell which values they accept. A pipe has the parts of its first schema. */
interface SchemaParts {
  readonly type: string;
  readonly entries?: Readonly<Record<string, SchemaParts>>;
  readonly wrapped?: SchemaParts;
  readonly options?: readonly unknown[];
  readonly literal?: unknown;
}

/** The columns of a workflow's input; none if it isn't an object. The fields of alternatives are merged. */
export function cellKinds(schema: v.GenericSchema): CellKinds {
  const kinds = new Map<string, Set<CellKind>>();
  collectColumns(schema, kinds);
  return kinds;
}

/** Reads a cell. A cell of a column that the schema doesn't know is text. */
export function readCell(text: string, kinds: ReadonlySet<CellKind> = new Set(["text"])): Cell {
  const trimmed = text.trim();
  if (kinds.has("text") ? text === "" : trimmed === "") {
    if (kinds.has("absent")) return "absent";
    if (kinds.has("null")) return { value: null };
  }
  if (kinds.has("number") && isNumber(trimmed)) return { value: Number(trimmed) };
  if (kinds.has("boolean") && /^(true|false)$/i.test(trimmed)) return { value: trimmed.toLowerCase() === "true" };
  if (kinds.has("text") || !(kinds.has("number") || kinds.has("boolean"))) return { value: text };
  const expected = [...(kinds.has("number") ? ["a number"] : []), ...(kinds.has("boolean") ? ["true", "false"] : [])];
  return { expected: expected.join(" or ") };
}

function isNumber(text: string): boolean {
  return /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text) && Number.isFinite(Number(text));
}

function collectColumns({ entries, wrapped, options = [] }: SchemaParts, columns: Map<string, Set<CellKind>>): void {
  for (const [name, schema] of Object.entries(entries ?? {})) {
    const kinds = columns.get(name) ?? new Set();
    columns.set(name, kinds);
    collectKinds(schema, kinds);
  }
  for (const schema of [wrapped, ...options]) if (isSchema(schema)) collectColumns(schema, columns);
}

function collectKinds({ type, wrapped, options = [], literal }: SchemaParts, kinds: Set<CellKind>): void {
  switch (type) {
    case "number":
    case "boolean":
    case "null":
      kinds.add(type);
      return;
    case "undefined":
      kinds.add("absent");
      return;
    case "literal":
      kinds.add(kindOf(literal));
      return;
    case "picklist":
    case "enum":
      for (const option of options) kinds.add(kindOf(option));
      return;
    case "union":
      for (const option of options) if (isSchema(option)) collectKinds(option, kinds);
      return;
    default:
      if (wrapped === undefined) kinds.add("text");
      else collectWrapped(type, wrapped, kinds);
  }
}

function collectWrapped(type: string, wrapped: SchemaParts, kinds: Set<CellKind>): void {
  collectKinds(wrapped, kinds);
  if (/^(optional|exact_optional|undefinedable|nullish)$/.test(type)) kinds.add("absent");
  if (/^(nullable|nullish)$/.test(type)) kinds.add("null");
  if (/^non_(optional|nullish)$/.test(type)) kinds.delete("absent");
  if (/^non_(nullable|nullish)$/.test(type)) kinds.delete("null");
}

function kindOf(value: unknown): CellKind {
  return typeof value === "number" || typeof value === "boolean" ? (typeof value as "number" | "boolean") : "text";
}

function isSchema(value: unknown): value is SchemaParts {
  return typeof value === "object" && value !== null && (value as { readonly kind?: unknown }).kind === "schema";
}
