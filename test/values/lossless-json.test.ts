import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromLosslessJson, toLosslessJson } from "../../src/values/lossless-json.ts";
import { plainState } from "../store/support/arbitrary-state.ts";
import { expectSame } from "../store/support/deeply.ts";

const marked = plainState.map((value) => ({ a: [value, { $troupe: value, b: { $troupe: "bigint", value: "1" } }] }));

describe("lossless JSON", () => {
  it("brings back what it was given, to the order of fields and the sign of zero", () => {
    fc.assert(
      fc.property(fc.oneof(plainState, marked), (value) => {
        const text = toLosslessJson(value);
        expect(text).not.toMatch(/[\n\r]/);
        expectSame(fromLosslessJson(text), value);
        expect(toLosslessJson(fromLosslessJson(text))).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is plain JSON for JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        fc.pre(
          !Object.is(value, -0) &&
            !JSON.stringify(value, (_, one: unknown) => (Object.is(one, -0) ? "-0" : one)).includes('"-0"'),
        );
        expect(toLosslessJson(value)).toBe(JSON.stringify(value));
      }),
    );
  });

  it("marks what JSON has no form for", () => {
    expect(toLosslessJson({ cents: 12n, gone: undefined, list: [-0, NaN] })).toBe(
      '{"cents":{"$troupe":"bigint","value":"12"},"gone":{"$troupe":"undefined"},' +
        '"list":[{"$troupe":"number","value":"-0"},{"$troupe":"number","value":"NaN"}]}',
    );
  });

  it.each(["", "{", '{"$troupe":"date"}', '[{"$troupe":"bigint","value":"x"}]', '{"a":{"$troupe":1}}'])(
    "refuses %s",
    (text) => {
      expect(() => fromLosslessJson(text)).toThrow(SyntaxError);
    },
  );

  it("keeps lone surrogates and line separators", () => {
    const text = toLosslessJson({ s: "\ud800 \u2028 \n" });
    expect(fromLosslessJson(Buffer.from(text, "utf8").toString("utf8"))).toEqual({ s: "\ud800 \u2028 \n" });
  });
});
