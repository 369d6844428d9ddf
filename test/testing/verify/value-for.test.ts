/** Values made from schemas. */

import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { Plan } from "../../../src/testing/verify/plan.ts";
import { valueFor } from "../../../src/testing/verify/value-for.ts";

interface Tree {
  readonly value: number;
  readonly children: readonly Tree[];
}
const Tree: v.GenericSchema<Tree> = v.object({ value: v.number(), children: v.array(v.lazy(() => Tree)) });

const schemas: Readonly<Record<string, v.GenericSchema>> = {
  string: v.string(),
  "a text of limited length": v.pipe(v.string(), v.minLength(3), v.maxLength(5)),
  "a text of one length": v.pipe(v.string(), v.length(12)),
  "a text that begins and ends": v.pipe(
    v.string(),
    v.startsWith("ab"),
    v.includes("-"),
    v.endsWith("yz"),
    v.maxLength(9),
  ),
  email: v.pipe(v.string(), v.email()),
  uuid: v.pipe(v.string(), v.uuid()),
  "a timestamp": v.pipe(v.string(), v.isoTimestamp()),
  url: v.pipe(v.string(), v.url()),
  "a text that is transformed": v.pipe(v.string(), v.trim(), v.minLength(1)),
  number: v.number(),
  "a whole number between": v.pipe(v.number(), v.integer(), v.minValue(-3), v.maxValue(3)),
  "a number above": v.pipe(v.number(), v.gtValue(5)),
  "a multiple": v.pipe(v.number(), v.multipleOf(5), v.minValue(7), v.maxValue(40)),
  "an odd number, by a check of its own": v.pipe(
    v.number(),
    v.integer(),
    v.check((n) => n % 2 !== 0),
  ),
  bigint: v.pipe(v.bigint(), v.minValue(2n)),
  boolean: v.boolean(),
  date: v.date(),
  "a date after": v.pipe(v.date(), v.minValue(new Date("2026-01-01"))),
  literal: v.literal("x"),
  picklist: v.picklist(["a", "b", "c"]),
  enum: v.enum({ One: 1, Two: 2 }),
  nothing: v.nullish(v.number()),
  unknown: v.unknown(),
  object: v.object({
    a: v.string(),
    b: v.optional(v.number()),
    c: v.exactOptional(v.string()),
    d: v.nullable(v.date()),
  }),
  strict: v.strictObject({ a: v.string(), __proto: v.boolean() }),
  array: v.pipe(v.array(v.number()), v.minLength(2), v.maxLength(4)),
  tuple: v.tuple([v.string(), v.number()]),
  record: v.record(v.string(), v.number()),
  map: v.map(v.string(), v.boolean()),
  set: v.set(v.picklist(["a", "b"])),
  union: v.union([v.string(), v.number(), v.null()]),
  variant: v.variant("type", [
    v.object({ type: v.literal("a"), n: v.number() }),
    v.object({ type: v.literal("b"), text: v.string() }),
  ]),
  intersect: v.intersect([v.object({ a: v.string() }), v.object({ b: v.number() })]),
  lazy: Tree,
  "a default": v.optional(v.string(), "x"),
};

describe("values for a schema", () => {
  it.each(Object.entries(schemas))("satisfy it: %s", (_name, schema) => {
    const made = Array.from({ length: 100 }, (_, seed) => valueFor(schema, new Plan(seed).of("value"), "it"));
    for (const value of made) expect(v.safeParse(schema, value).issues).toBeUndefined();
  });

  it("are the simplest ones where all draws are 0", () => {
    const simplest = (schema: v.GenericSchema): unknown => valueFor(schema, () => 0, "it");
    expect(simplest(schemas["object"] as v.GenericSchema)).toEqual({ a: "", d: null });
    expect(simplest(schemas["a whole number between"] as v.GenericSchema)).toBe(0);
    expect(simplest(schemas["array"] as v.GenericSchema)).toEqual([0, 0]);
    expect(simplest(Tree)).toEqual({ value: 0, children: [] });
  });

  it("have the edges among them", () => {
    const within = v.pipe(v.number(), v.minValue(0), v.maxValue(1_000));
    const made = new Set(Array.from({ length: 200 }, (_, seed) => valueFor(within, new Plan(seed).of("value"), "it")));
    expect([...made]).toEqual(expect.arrayContaining([0, 1, 1_000, 500, 0.5]));
    expect(made.size).toBeGreaterThan(50);
  });

  it.each<[string, v.GenericSchema, string]>([
    ["a format that is not known", v.object({ code: v.pipe(v.string(), v.regex(/^x{40}$/)) }), "it.code is a string"],
    ["a kind that is not known", v.array(v.custom<URL>((value) => value instanceof URL)), "it.0 is a custom"],
    ["what can't be", v.pipe(v.array(v.never()), v.minLength(1)), "it.0 is a never"],
  ])("are refused for %s", (_what, schema, message) => {
    expect(() => valueFor(schema, new Plan(2).of("value"), "it")).toThrow(message);
  });
});
