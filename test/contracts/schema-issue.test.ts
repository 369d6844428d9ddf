import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { demandOf, pathOf, type SchemaIssue } from "../../src/contracts/schema-issue.ts";

function issueOf(schema: v.GenericSchema, value: unknown): SchemaIssue {
  const result = v.safeParse(schema, value);
  if (result.success) throw new Error("it fits");
  return result.issues[0];
}

describe("an issue's path", () => {
  it.each([
    ["a value", v.number(), "1", ""],
    ["a field", v.object({ a: v.number() }), { a: "1" }, "a"],
    ["an item", v.object({ a: v.array(v.object({ b: v.number() })) }), { a: [{ b: 1 }, { b: "1" }] }, "a.1.b"],
    ["a map's value", v.map(v.string(), v.number()), new Map([["k", "1"]]), "k"],
    ["a map's value under an object", v.map(v.object({}), v.number()), new Map([[{}, "1"]]), "<map>"],
    ["a set's member", v.object({ s: v.set(v.number()) }), { s: new Set(["1"]) }, "s.<set>"],
  ])("leads to %s", (_what, schema, value, path) => {
    expect(pathOf(issueOf(schema, value))).toBe(path);
  });
});

describe("an issue's demand", () => {
  it.each([
    ["the schema's", v.number(), "1", "number"],
    [
      "a check's own words",
      v.pipe(
        v.number(),
        v.check((n) => n > 5, "more than 5"),
      ),
      1,
      "more than 5",
    ],
    ["a check's name, where it has no words", v.pipe(v.number(), v.integer()), 1.5, "integer"],
    ["a limit", v.pipe(v.number(), v.minValue(3)), 1, ">=3"],
  ])("is %s", (_what, schema, value, demand) => {
    expect(demandOf(issueOf(schema, value))).toBe(demand);
  });
});
