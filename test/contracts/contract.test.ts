import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { checkContract, type ContractSite } from "../../src/contracts/contract.ts";
import { isTroupeError, type TroupeError } from "../../src/errors/troupe-error.ts";

const site: ContractSite = { agent: "credit-score", version: "1.2.0", direction: "output", side: "sender" };

function violation(schema: v.GenericSchema, value: unknown, at: ContractSite = site): TroupeError {
  try {
    checkContract(schema, value, at);
  } catch (error) {
    if (isTroupeError(error, "contract-violated")) return error;
    throw error;
  }
  throw new Error("the contract was kept");
}

const score = v.object({ score: v.pipe(v.number(), v.integer(), v.minValue(300), v.maxValue(850)) });

describe("a contract that is kept", () => {
  it("gives what the schema makes of the value", () => {
    const schema = v.object({
      id: v.pipe(v.string(), v.trim()),
      tags: v.optional(v.array(v.string()), () => ["none"]),
    });
    expect(checkContract(schema, { id: " a ", more: 1 }, site)).toEqual({ id: "a", tags: ["none"] });
  });

  it("leaves the value as it was", () => {
    const value = Object.freeze({ score: 700, more: Object.freeze({ deep: true }) });
    checkContract(score, value, site);
    expect(value).toEqual({ score: 700, more: { deep: true } });
  });
});

describe("a contract that is violated", () => {
  it("names agent, version, direction, path, expected and received", () => {
    const error = violation(score, { score: "700" });
    expect(error.message).toBe(
      'credit-score@1.2.0: output violates the contract at score: expected number, received "700" (found by the sender)',
    );
    expect(error.details).toEqual({ ...site, path: "score", expected: "number", received: '"700"', issues: 1 });
  });

  it.each(["input", "output", "message", "reply", "event"] as const)(
    "names the direction %s and either side",
    (direction) => {
      for (const side of ["sender", "receiver"] as const) {
        const error = violation(score, null, { ...site, direction, side });
        expect(error.message).toMatch(new RegExp(`: ${direction} violates .* \\(found by the ${side}\\)$`));
        expect(error.details).toMatchObject({ direction, side });
      }
    },
  );

  it("says so when it is the whole value", () => {
    const error = violation(score, 5);
    expect(error.message).toContain("at its root: expected Object, received 5");
    expect(error.details["path"]).toBe("");
  });

  it("counts further issues, and spells out the first", () => {
    const schema = v.object({ a: v.number(), b: v.number(), c: v.number() });
    const error = violation(schema, { a: 1, b: "x", c: "y" });
    expect(error.message).toContain('at b: expected number, received "x" (and 1 more) (found');
    expect(error.details["issues"]).toBe(2);
  });

  it.each<[string, v.GenericSchema, unknown, string, string, string]>([
    ["a missing field", v.object({ a: v.number() }), {}, "a", "a value", "undefined"],
    [
      "a field in a list",
      v.object({ list: v.array(v.object({ n: v.number() })) }),
      { list: [{ n: 1 }, { n: null }] },
      "list.1.n",
      "number",
      "null",
    ],
    ["a tuple", v.tuple([v.string(), v.number()]), ["a", "b"], "1", "number", '"b"'],
    ["a record", v.record(v.string(), v.number()), { "a b": "x" }, "a b", "number", '"x"'],
    [
      "a map under a string",
      v.map(v.string(), v.number()),
      new Map<string, unknown>([
        ["a", 1],
        ["b", "x"],
      ]),
      "b",
      "number",
      '"x"',
    ],
    [
      "a map under an object",
      v.object({ m: v.map(v.object({}), v.number()) }),
      { m: new Map([[{}, "x"]]) },
      "m.<map>",
      "number",
      '"x"',
    ],
    ["a set", v.object({ s: v.set(v.number()) }), { s: new Set([1, "x"]) }, "s.<set>", "number", '"x"'],
    ["a strict object", v.strictObject({ a: v.number() }), { a: 1, b: 2 }, "b", "no such key", '"b"'],
    ["a union", v.object({ u: v.union([v.string(), v.number()]) }), { u: true }, "u", "(string | number)", "true"],
    [
      "a variant",
      v.variant("kind", [v.object({ kind: v.literal("a") }), v.object({ kind: v.literal("b") })]),
      { kind: "c" },
      "kind",
      '("a" | "b")',
      '"c"',
    ],
    ["a picklist", v.picklist(["x", "y"]), "z", "", '("x" | "y")', '"z"'],
    ["a limit", score, { score: 900 }, "score", "<=850", "900"],
    ["a check by name", score, { score: 700.5 }, "score", "integer", "700.5"],
    ["a format", v.pipe(v.string(), v.email()), "nobody", "", "email", '"nobody"'],
    ["a pattern", v.pipe(v.string(), v.regex(/^a+$/)), "b", "", "/^a+$/", '"b"'],
    [
      "a check with a message",
      v.pipe(
        v.number(),
        v.check((n) => n % 2 === 0, "an even number"),
      ),
      3,
      "",
      "an even number",
      "3",
    ],
    [
      "a check without",
      v.pipe(
        v.number(),
        v.check((n) => n % 2 === 0),
      ),
      3,
      "",
      "check",
      "3",
    ],
    [
      "a check of the caller's own",
      v.custom<string>(() => false, "expected a ref on counter"),
      3,
      "",
      "a ref on counter",
      "3",
    ],
    ["such a check without words", v.custom<string>(() => false), 3, "", "unknown", "3"],
    [
      "a nested check",
      v.object({
        a: v.pipe(
          v.object({ b: v.number() }),
          v.check(() => false, "b to be useful"),
        ),
      }),
      { a: { b: 1 } },
      "a",
      "b to be useful",
      "Object",
    ],
    [
      "a forwarded check",
      v.pipe(
        v.object({ a: v.number() }),
        v.forward(
          v.check(() => false, "better"),
          ["a"],
        ),
      ),
      { a: 1 },
      "a",
      "better",
      "Object",
    ],
    ["a symbol", v.number(), Symbol("s"), "", "number", "symbol"],
    ["a bigint", v.number(), 5n, "", "number", "5"],
  ])("says where and what: %s", (_, schema, value, path, expected, received) => {
    expect(violation(schema, value).details).toMatchObject({ path, expected, received });
  });

  it("shows no function's source for what was expected", () => {
    const schema = v.pipe(
      v.number(),
      v.integer(),
      v.check((n) => n > 0),
    );
    for (const value of [0.5, -1]) expect(violation(schema, value).message).not.toMatch(/=>|function|native code/);
  });

  it("repeats no more than the beginning of what was received", () => {
    const error = violation(v.number(), "x".repeat(1_000_000));
    expect(error.message.length).toBeLessThan(400);
    expect(error.details["received"]).toMatch(/^"x{199}…$/);
  });

  it("has plain details, so that it crosses threads whatever the value was", () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withMap: true, withDate: true }), (value) => {
        const { details } = violation(v.object({ a: v.never() }), { a: value });
        expect(JSON.parse(JSON.stringify(details))).toEqual(details);
        expect(details).toMatchObject({ path: "a", expected: "never" });
      }),
    );
  });
});

it("is violated by a value at which a schema's own code throws, which is the cause", () => {
  const bug = new RangeError("bug");
  const schema = v.pipe(
    v.string(),
    v.transform((): never => {
      throw bug;
    }),
  );
  expect(() => checkContract(schema, "a", site)).toThrow(
    expect.objectContaining({ code: "contract-violated", message: expect.stringContaining("threw: bug"), cause: bug }),
  );
});
