import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonLine, type Outcome, textLine } from "../../../src/cli/output/outcome.ts";
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
