/** Contracts compiled into one pass: the same verdict and output as valibot's, or none. */

import { inspect, isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { compileCheckedCopy, unfit } from "../../src/contracts/compiled-copy.ts";

/** Schemas of every kind that compiles, nested at will, beside some that do not. */
const { schema: anySchema } = fc.letrec<{ schema: v.GenericSchema; leaf: v.GenericSchema }>((tie) => ({
  leaf: fc.constantFrom<v.GenericSchema>(
    v.string(),
    v.number(),
    v.boolean(),
    v.literal("a"),
    v.picklist(["a", "b"]),
    v.pipe(v.number(), v.integer(), v.minValue(0)),
    v.pipe(v.string(), v.maxLength(2)),
    v.pipe(v.string(), v.trim()),
    v.unknown(),
    v.date(),
  ),
  schema: fc.oneof(
    { maxDepth: 3, depthIdentifier: "schema" },
    tie("leaf"),
    tie("schema").map((wrapped) => v.nullable(wrapped)),
    tie("schema").map((item) => v.array(item)),
    fc
      .dictionary(
        fc.constantFrom("a", "b", "c", "toString", "constructor"),
        fc.tuple(tie("schema"), fc.constantFrom("plain", "optional", "default")),
      )
      .chain((fields) => {
        const entries = Object.fromEntries(
          Object.entries(fields).map(([key, [schema, kind]]) => [
            key,
            kind === "plain" ? schema : kind === "optional" ? v.optional(schema) : v.optional(schema, null as never),
          ]),
        );
        return fc.constantFrom<v.GenericSchema>(v.object(entries), v.strictObject(entries));
      }),
  ),
}));

const anyValue = fc.oneof(
  fc.anything({
    withNullPrototype: true,
    withDate: true,
    withMap: true,
    key: fc.constantFrom("a", "b", "c", "toString", "__proto__"),
  }),
  fc.array(fc.constantFrom<unknown>("a", " b ", 1, -0, Number.NaN, null, undefined, true)),
  fc.dictionary(
    fc.constantFrom("a", "b", "c", "toString", "constructor"),
    fc.constantFrom<unknown>("a", 1, -0, null, undefined, true, ["a"], { a: "b" }),
  ),
);

/** Not `toStrictEqual`, which takes a field named "constructor" for the value's class. */
function expectSame(value: unknown, other: unknown): void {
  if (!isDeepStrictEqual(value, other)) throw new Error(`${inspect(value)} is not ${inspect(other)}`);
}

describe("compileCheckedCopy", () => {
  it("compiles a schema once, for all actors of a definition", () => {
    for (const schema of [v.object({ x: v.number() }), v.object({ when: v.date() })])
      expect(compileCheckedCopy(schema)).toBe(compileCheckedCopy(schema));
  });

  it("copies what valibot accepts into what valibot makes of it, or leaves it to valibot", () => {
    let copies = 0;
    fc.assert(
      fc.property(anySchema, anyValue, (schema, value) => {
        const copied = compileCheckedCopy(schema)?.(value, { bytes: 0 }) ?? unfit;
        if (copied === unfit) return;
        copies++;
        const parsed = v.safeParse(schema, value);
        expect(parsed.success).toBe(true);
        expectSame(copied, parsed.output);
        expectSame(JSON.parse(JSON.stringify(copied)), copied); // JSON carries it without loss
      }),
      { numRuns: 20_000, examples: [[v.object({ constructor: v.array(v.string()) }), { constructor: ["a"] }]] },
    );
    expect(copies).toBeGreaterThan(100);
  });

  it("shares nothing with what it copies (invariant 1)", () => {
    const schema = v.object({ list: v.array(v.object({ n: v.number() })) });
    const value = { list: [{ n: 1 }] };
    const copied = compileCheckedCopy(schema)?.(value, { bytes: 0 });
    value.list[0]!.n = 2;
    value.list.push({ n: 3 });
    expect(copied).toEqual({ list: [{ n: 1 }] });
  });

  class Rows extends Array<string> {}
  it.each<[string, string[]]>([
    ["that has fields beside its elements", /a(b)/.exec("ab") as string[]],
    ["of a class of its own", Rows.from(["a", "b"])],
  ])("takes the elements of an array %s, as valibot does", (_, odd) => {
    const copied = compileCheckedCopy(v.array(v.string()))?.(odd, { bytes: 0 });
    expect(copied).toStrictEqual([...odd]);
    expectSame(copied, v.parse(v.array(v.string()), odd));
  });

  it("leaves an array with a hole to valibot", () => {
    const holed: string[] = [];
    holed[1] = "b";
    expect(compileCheckedCopy(v.array(v.string()))?.(holed, { bytes: 0 })).toBe(unfit);
    expect(compileCheckedCopy(v.array(v.unknown()))?.(holed, { bytes: 0 }) ?? unfit).toBe(unfit);
  });

  it("leaves to valibot what it can't vouch for", () => {
    class Point {
      readonly x = 1;
    }
    const copy = compileCheckedCopy(v.object({ x: v.number() }));
    const tally = { bytes: 0 };
    expect(copy?.(new Point(), tally)).toBe(unfit);
    expect(copy?.({ x: Number.POSITIVE_INFINITY }, tally)).toBe(unfit);
    expect(copy?.({ x: "1" }, tally)).toBe(unfit);
    expect(copy?.({}, tally)).toBe(unfit);
    expect(compileCheckedCopy(v.object({ when: v.date() }))).toBeUndefined();
    expect(compileCheckedCopy(v.pipe(v.string(), v.trim()))).toBeUndefined();
    expect(
      compileCheckedCopy(
        v.pipe(
          v.object({ x: v.number() }),
          v.check(() => false),
        ),
      ),
    ).toBeUndefined();
  });

  it("counts bytes, so that a large message is found out", () => {
    const tally = { bytes: 0 };
    compileCheckedCopy(v.object({ text: v.string() }))?.({ text: "x".repeat(1000) }, tally);
    expect(tally.bytes).toBeGreaterThan(1000);
    expect(tally.bytes).toBeLessThan(1100);
  });
});
