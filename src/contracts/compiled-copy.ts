/**
 * A contract compiled into one function that checks a message and copies it in the same pass: for the plain schemas
 * that most messages have, many times as fast as parsing and then copying (`bench/messages.ts`). It only accepts: a
 * value that it can't accept goes to valibot and the copier, which decide and make the error.
 *
 * The function is generated as source, so that each field is read by a constant name and every copy has one shape. That
 * takes a quarter of the time of closures over a list of fields. Where Node.js forbids generated code
 * (`--disallow-code-generation-from-strings`), every message goes to valibot.
 */

import * as v from "valibot";

/** Returned instead of a copy: valibot and the copier have to decide about this value. */
export const unfit: unique symbol = Symbol("unfit");

/** Adds up the approximate size of a copy on the wire. */
export interface Tally {
  bytes: number;
}

/**
 * Returns the schema's output for `value`, as a copy that JSON carries without loss; or {@link unfit}.
 */
export type CheckedCopy = (value: unknown, tally: Tally) => unknown;

/** A schema is compiled once, and not for each actor of its definition. */
const compiled = new WeakMap<v.GenericSchema, { readonly copy: CheckedCopy | undefined }>();

/**
 * Compiles a schema made of objects, arrays, primitives, literals and picklists, optional or nullable. Returns
 * undefined for any other.
 */
export function compileCheckedCopy(schema: v.GenericSchema): CheckedCopy | undefined {
  let known = compiled.get(schema);
  if (known === undefined) compiled.set(schema, (known = { copy: compile(schema) }));
  return known.copy;
}

function compile(schema: v.GenericSchema): CheckedCopy | undefined {
  const source = new CopySource();
  const copy = source.copyOf(schema, "value");
  return copy === undefined ? undefined : source.compile(copy);
}

type Pipe = readonly v.PipeItem<unknown, unknown, v.BaseIssue<unknown>>[];

/** Builds the source of one function. Nothing of a schema gets into the source but the names of its fields, quoted. */
class CopySource {
  readonly #lines: string[] = [];
  /** The values that the source reads as `constants[n]`. */
  readonly #constants: unknown[] = [];
  #names = 0;

  compile(copy: string): CheckedCopy | undefined {
    const body = [
      '"use strict";',
      "return (value, tally) => {",
      "let bytes = 0;",
      ...this.#lines,
      `tally.bytes += bytes; return ${copy};`,
      "};",
    ].join("\n");
    try {
      // oxlint-disable-next-line typescript/no-implied-eval -- see the file's header
      const make = new Function("unfit", "is", "constants", body) as (...given: unknown[]) => CheckedCopy;
      return make(unfit, v.is, this.#constants);
    } catch (failure) {
      if (failure instanceof EvalError) return undefined;
      throw failure;
    }
  }

  /**
   * Writes the check of the variable `value`; returns the expression of its copy, or undefined for a schema that can't
   * be compiled.
   */
  copyOf(schema: v.GenericSchema, value: string): string | undefined {
    if ("pipe" in schema) return this.#checkedPrimitive(schema, schema.pipe as Pipe, value);
    switch (schema.type) {
      case "string":
      case "number":
      case "boolean":
        return this.#primitive(schema.type, value);
      case "literal":
        return this.#oneOf([(schema as unknown as { literal: unknown }).literal], value);
      case "picklist":
        return this.#oneOf((schema as unknown as { options: readonly unknown[] }).options, value);
      case "nullable":
        return this.#nullable((schema as unknown as { wrapped: v.GenericSchema }).wrapped, value);
      case "array":
        return this.#array((schema as unknown as { item: v.GenericSchema }).item, value);
      case "object":
      case "strict_object":
        return this.#object(
          (schema as unknown as { entries: Entries }).entries,
          schema.type === "strict_object",
          value,
        );
      default:
        return undefined;
    }
  }

  #primitive(type: "string" | "number" | "boolean", value: string): string {
    this.#unfitIf(`typeof ${value} !== "${type}"`);
    // JSON has no NaN, no infinities and no negative zero
    if (type === "number") this.#unfitIf(`${value} - ${value} !== 0 || (${value} === 0 && 1 / ${value} < 0)`);
    this.#line(`bytes += ${type === "string" ? `${value}.length + 2` : "8"};`);
    return value;
  }

  /** A primitive with checks after it. Schemas that transform are left to valibot. */
  #checkedPrimitive(schema: v.GenericSchema, [, ...actions]: Pipe, value: string): string | undefined {
    const { type } = schema;
    if ((type !== "string" && type !== "number") || actions.some(({ kind }) => kind !== "validation")) return undefined;
    this.#unfitIf(`!is(${this.#constant(schema)}, ${value})`);
    return this.#primitive(type, value);
  }

  #oneOf(options: readonly unknown[], value: string): string | undefined {
    if (options.some((option) => typeof option !== "string" && typeof option !== "boolean")) return undefined;
    this.#unfitIf(`!${this.#constant(new Set(options))}.has(${value})`);
    this.#line(`bytes += String(${value}).length + 2;`);
    return value;
  }

  #nullable(wrapped: v.GenericSchema, value: string): string | undefined {
    const copy = this.#name();
    this.#line(`let ${copy} = null; if (${value} === null) bytes += 4; else {`);
    const inner = this.copyOf(wrapped, value);
    this.#line(`${copy} = ${inner}; }`);
    return inner === undefined ? undefined : copy;
  }

  #array(item: v.GenericSchema, value: string): string | undefined {
    const [copy, index, element] = [this.#name(), this.#name(), this.#name()];
    this.#unfitIf(`!Array.isArray(${value})`); // fields beside the elements are left out, as valibot leaves them out
    this.#line(`const ${copy} = []; bytes += ${value}.length + 2;`);
    this.#line(
      `for (let ${index} = 0; ${index} < ${value}.length; ${index}++) { const ${element} = ${value}[${index}];`,
    );
    const inner = this.copyOf(item, element);
    this.#line(`${copy}.push(${inner}); }`);
    return inner === undefined ? undefined : copy;
  }

  #object(entries: Entries, isStrict: boolean, value: string): string | undefined {
    const prototype = this.#name();
    this.#unfitIf(`typeof ${value} !== "object" || ${value} === null`);
    this.#line(`const ${prototype} = Object.getPrototypeOf(${value});`);
    this.#unfitIf(`${prototype} !== Object.prototype && ${prototype} !== null`);
    const fields = Object.entries(entries).map(([key, schema]) => {
      const [field, target] = [this.#name(), this.#name()];
      this.#line(`const ${field} = ${value}[${JSON.stringify(key)}]; let ${target};`);
      return { key, field, target, ...optionalOf(schema) };
    });
    for (const { key, field, target, schema, isOptional } of fields) {
      if (key === "__proto__") return undefined;
      const quoted = JSON.stringify(key);
      // a field that is there with the value undefined is not the same as one that is missing
      if (isOptional) {
        this.#line(`if (${field} === undefined) {`);
        this.#unfitIf(`${quoted} in ${value}`);
        this.#line("} else {");
      }
      const inner = this.copyOf(schema, field);
      if (inner === undefined) return undefined;
      this.#line(`${target} = ${inner}; bytes += ${key.length + 4};${isOptional ? " }" : ""}`);
    }
    // in the order of the schema; a literal has its shape from the start
    const firstOptional = fields.findIndex(({ isOptional }) => isOptional);
    const whole = firstOptional === -1 ? fields : fields.slice(0, firstOptional);
    const copy = this.#name();
    this.#line(`const ${copy} = {${whole.map(({ key, target }) => `${JSON.stringify(key)}: ${target}`).join(", ")}};`);
    for (const { key, target, isOptional } of fields.slice(whole.length)) {
      const assign = `${copy}[${JSON.stringify(key)}] = ${target};`;
      this.#line(isOptional ? `if (${target} !== undefined) ${assign}` : assign);
    }
    if (isStrict) this.#unfitIf(`Object.keys(${value}).length !== Object.keys(${copy}).length`);
    return copy;
  }

  #unfitIf(condition: string): void {
    this.#line(`if (${condition}) return unfit;`);
  }

  #line(text: string): void {
    this.#lines.push(text);
  }

  #name(): string {
    return `_${this.#names++}`;
  }

  #constant(value: unknown): string {
    return `constants[${this.#constants.push(value) - 1}]`;
  }
}

type Entries = Readonly<Record<string, v.GenericSchema>>;

function optionalOf(schema: v.GenericSchema): { readonly schema: v.GenericSchema; readonly isOptional: boolean } {
  const isOptional =
    schema.type === "optional" && (schema as { default?: unknown }).default === undefined && !("pipe" in schema);
  return { schema: isOptional ? (schema as unknown as { wrapped: v.GenericSchema }).wrapped : schema, isOptional };
}
