/** What a form asks for, so that what is filled in is what a schema takes. What no field can say is asked for as JSON. */

import type { GenericSchema } from "valibot";

/** One field of a form. */
export interface FormField {
  readonly name: string;
  readonly type: "text" | "number" | "boolean" | "choice" | "json";
  readonly isOptional: boolean;
  /** For a choice: as text. */
  readonly choices?: readonly string[];
  /** As text: what is there before anything is filled in. */
  readonly otherwise?: string;
}

/**
 * - `nothing`: the message carries nothing.
 * - `fields`: an object with these fields.
 * - `value`: one value, which is no object.
 */
export type Form =
  | { readonly kind: "nothing" }
  | { readonly kind: "fields"; readonly fields: readonly FormField[] }
  | { readonly kind: "value"; readonly field: FormField };

/** What is read of a schema of valibot. A pipe has the fields of the schema that it begins with. */
interface Read {
  readonly type: string;
  readonly entries?: Readonly<Record<string, Read>>;
  readonly options?: readonly unknown[];
  readonly literal?: unknown;
  readonly wrapped?: Read;
  readonly default?: unknown;
}

const objects: ReadonlySet<string> = new Set(["object", "strict_object", "loose_object"]);
const wrappers: ReadonlySet<string> = new Set(["optional", "exact_optional", "undefinedable", "nullish"]);
/** More is asked for as one piece of JSON. */
const mostFields = 40;

/** The form for what a schema takes; `undefined` for a message that carries nothing. */
export function formOf(schema: GenericSchema | undefined): Form {
  if (schema === undefined) return { kind: "nothing" };
  const read = schema as unknown as Read;
  const entries = Object.entries((objects.has(read.type) ? read.entries : undefined) ?? {});
  const isForm = entries.length > 0 && entries.length <= mostFields;
  if (isForm) return { kind: "fields", fields: entries.map(([name, entry]) => fieldOf(name, entry, false)) };
  return { kind: "value", field: fieldOf("value", read, false) };
}

function fieldOf(name: string, schema: Read, isOptional: boolean): FormField {
  const { type, wrapped, options, literal } = schema;
  if (wrapped !== undefined && wrappers.has(type)) {
    const field = fieldOf(name, wrapped, true);
    const given = schema.default;
    return given === undefined || typeof given === "function" ? field : { ...field, otherwise: textOf(field, given) };
  }
  switch (type) {
    case "string":
      return { name, type: "text", isOptional };
    case "number":
      return { name, type: "number", isOptional };
    case "boolean":
      return { name, type: "boolean", isOptional };
    case "picklist":
    case "enum":
      if (options?.every((one) => typeof one === "string") === true)
        return { name, type: "choice", isOptional, choices: options };
      break;
    case "literal":
      if (typeof literal === "string") return { name, type: "choice", isOptional, choices: [literal] };
  }
  return { name, type: "json", isOptional, otherwise: exampleOf(schema) };
}

/** JSON to begin with. */
function exampleOf({ type, literal }: Read): string {
  if (type === "literal") return JSON.stringify(literal) ?? "null";
  if (type === "array" || type.endsWith("tuple")) return "[]";
  return objects.has(type) || type === "record" || type === "variant" ? "{}" : "null";
}

function textOf({ type }: FormField, value: unknown): string {
  return type === "text" || type === "choice" ? String(value) : (JSON.stringify(value) ?? "null");
}
