import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonLine, jsonOf, type Outcome, textLine } from "../../../src/cli/output/outcome.ts";
import { TroupeError } from "../../../src/errors/troupe-error.ts";

const workflow = { steps: [] };
const error = new TroupeError("invalid-input", 'in.csv:4: "x"', { details: { field: "x" } });
const good: Outcome = { line: 3, ok: true, result: { decision: "approved" } };
const bad: Outcome = { line: 4, ok: false, error };

describe("the line of an outcome", () => {
  it("is for people", () => {
    expect(textLine(good, workflow)).toBe('line 3: ok {"decision":"approved"}');
    expect(textLine(bad, workflow)).toBe('line 4: error in.csv:4: "x"');
  });

  it("is for programs", () => {
    expect(jsonLine(good, workflow)).toBe('{"line":3,"ok":true,"result":{"decision":"approved"}}');
    expect(JSON.parse(jsonLine(bad, workflow))).toEqual({
      line: 4,
      ok: false,
      error: { code: "invalid-input", message: 'in.csv:4: "x"', field: "x" },
    });
  });

  it("is one line of JSON, whatever the result", () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withMap: true, withSet: true, withDate: true, withTypedArray: true }),
        (result) => {
          const line = jsonLine({ line: 1, ok: true, result }, workflow);
          expect(line).not.toMatch(/[\r\n]/);
          expect(JSON.parse(line)).toHaveProperty("result");
        },
      ),
    );
  });
});

describe("jsonOf", () => {
  const loop: { self?: unknown } = {};
  loop.self = loop;

  it.each([
    ["nothing", undefined, "null"],
    ["bigints", { n: 12n }, '{"n":"12"}'],
    ["maps", new Map([["a", new Set([1])]]), '[["a",[1]]]'],
    ["bytes", new Uint8Array([1, 2]), "[1,2]"],
    ["dates", new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ["what contains itself", loop, '"<ref *1> { self: [Circular *1] }"'],
  ])("has a form for %s", (_, value, text) => {
    expect(jsonOf(value)).toBe(text);
  });
});
