import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { type CellKind, cellKinds, readCell } from "../../../src/cli/input/csv-cell.ts";

const kindsOf = (schema: v.GenericSchema): CellKind[] => [...(cellKinds(v.object({ cell: schema })).get("cell") ?? [])];

describe("cellKinds", () => {
  it.each<[string, v.GenericSchema, CellKind[]]>([
    ["text", v.string(), ["text"]],
    ["a number", v.number(), ["number"]],
    ["a boolean", v.boolean(), ["boolean"]],
    ["a pipe, by what it starts with", v.pipe(v.number(), v.integer(), v.transform(String)), ["number"]],
    ["text that becomes a number", v.pipe(v.string(), v.transform(Number), v.number()), ["text"]],
    ["optional", v.optional(v.number()), ["number", "absent"]],
    ["optional with a default", v.optional(v.pipe(v.boolean(), v.readonly()), false), ["boolean", "absent"]],
    ["nullable", v.nullable(v.number()), ["number", "null"]],
    ["nullish", v.nullish(v.number()), ["number", "absent", "null"]],
    ["undefinedable", v.undefinedable(v.number()), ["number", "absent"]],
    ["exactly optional", v.exactOptional(v.number()), ["number", "absent"]],
    ["nested wrappers", v.optional(v.nullable(v.pipe(v.number(), v.minValue(1)))), ["number", "null", "absent"]],
    ["wrappers taken off", v.nonNullish(v.nullish(v.number())), ["number"]],
    ["optional taken off", v.nonOptional(v.nullish(v.number())), ["number", "null"]],
    ["nullable taken off", v.nonNullable(v.nullish(v.number())), ["number", "absent"]],
    ["a union", v.union([v.number(), v.boolean(), v.null(), v.undefined()]), ["number", "boolean", "null", "absent"]],
    ["numbers to choose from", v.picklist([1, 2]), ["number"]],
    ["literals", v.union([v.literal(1), v.literal("one"), v.literal(true)]), ["number", "text", "boolean"]],
    ["an enum", v.enum({ A: 1, B: "b" }), ["number", "text"]],
    ["anything", v.unknown(), ["text"]],
    ["what a cell can't be", v.array(v.number()), ["text"]],
  ])("looks at %s", (_, schema, kinds) => {
    expect(kindsOf(schema)).toEqual(kinds);
  });

  it.each<[string, v.GenericSchema]>([
    ["an object", v.object({ n: v.number() })],
    ["a strict object", v.strictObject({ n: v.number() })],
    ["a loose object", v.looseObject({ n: v.number() })],
    ["a pipe on an object", v.pipe(v.object({ n: v.number() }), v.readonly())],
    ["a wrapped object", v.optional(v.object({ n: v.number() }))],
    ["an intersection", v.intersect([v.object({ n: v.number() }), v.object({ text: v.string() })])],
    ["alternatives", v.variant("n", [v.object({ n: v.literal(1) }), v.object({ n: v.literal(2), b: v.boolean() })])],
  ])("finds the columns of %s", (_, schema) => {
    expect(cellKinds(schema).get("n")).toEqual(new Set(["number"]));
  });

  it("takes the alternatives of a column together", () => {
    const schema = v.union([v.object({ n: v.number() }), v.object({ n: v.string() })]);
    expect(cellKinds(schema).get("n")).toEqual(new Set(["number", "text"]));
  });

  it("finds no columns in what is no object", () => {
    expect(cellKinds(v.string()).size).toBe(0);
    expect(cellKinds(v.record(v.string(), v.number())).size).toBe(0);
  });
});

describe("readCell", () => {
  const read = (text: string, ...kinds: CellKind[]) => readCell(text, new Set(kinds));

  it.each([
    ["1", 1],
    [" 2.50 ", 2.5],
    ["-3", -3],
    ["+.5", 0.5],
    ["4.", 4],
    ["1e3", 1000],
    ["007", 7],
  ])("reads the number %j", (text, value) => {
    expect(read(text, "number")).toEqual({ value });
  });

  it.each(["", " ", "x", "1,5", "1 000", "0x10", "Infinity", "NaN", "1e999", "--1", "1n", "."])(
    "takes %j for no number",
    (text) => {
      expect(read(text, "number")).toEqual({ expected: "a number" });
    },
  );

  it.each([
    ["true", true],
    [" FALSE ", false],
    ["True", true],
  ])("reads the boolean %j", (text, value) => {
    expect(read(text, "boolean")).toEqual({ value });
  });

  it.each(["", "1", "yes", "truely"])("takes %j for no boolean", (text) => {
    expect(read(text, "boolean")).toEqual({ expected: "true or false" });
  });

  it("names all that was expected", () => {
    expect(read("x", "number", "boolean")).toEqual({ expected: "a number or true or false" });
  });

  it("leaves text as it is", () => {
    expect(read(" 12 ", "text")).toEqual({ value: " 12 " });
    expect(readCell(" 12 ")).toEqual({ value: " 12 " });
    expect(read("")).toEqual({ value: "" });
  });

  it("prefers the number where text is allowed as well", () => {
    expect(read("12", "text", "number")).toEqual({ value: 12 });
    expect(read("twelve", "text", "number")).toEqual({ value: "twelve" });
  });

  it("reads an empty cell as nothing where there may be nothing", () => {
    expect(read(" ", "number", "absent")).toBe("absent");
    expect(read("", "number", "null")).toEqual({ value: null });
    expect(read("", "text", "absent")).toBe("absent");
    expect(read(" ", "text", "absent")).toEqual({ value: " " });
    expect(read("", "text")).toEqual({ value: "" });
  });
});
