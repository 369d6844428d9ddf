import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJsonLines } from "../../../src/cli/input/json-lines.ts";

describe("parseJsonLines", () => {
  it("reads any JSON values, with the lines they are on", () => {
    expect(parseJsonLines('{"a":1}\n\n  \r\n[2]\r\n"three"\nnull', "in.jsonl")).toEqual([
      { line: 1, input: { a: 1 } },
      { line: 4, input: [2] },
      { line: 5, input: "three" },
      { line: 6, input: null },
    ]);
  });

  it("names file and line of what isn't JSON, and goes on", () => {
    const [, bad, good] = parseJsonLines('1\n{"a":\n2\n', "in.jsonl");
    expect(bad).toMatchObject({ line: 2, error: { code: "invalid-input" } });
    expect(bad).toMatchObject({ error: { message: expect.stringMatching(/^in\.jsonl:2: is not JSON: .+$/) } });
    expect(good).toEqual({ line: 3, input: 2 });
  });

  it("reads back what was written, whatever stands between", () => {
    const lines = fc.array(
      fc.oneof(
        fc.jsonValue().map((value) => ({ value })),
        fc.constant(undefined),
      ),
    );
    fc.assert(
      fc.property(lines, fc.constantFrom("\n", "\r\n"), (values, lineEnd) => {
        const text = values.map((each) => (each === undefined ? " " : JSON.stringify(each.value))).join(lineEnd);
        const expected = values.flatMap((each, index) =>
          each === undefined ? [] : [{ line: index + 1, input: JSON.parse(JSON.stringify(each.value)) as unknown }],
        );
        expect(parseJsonLines(text, "in.jsonl")).toEqual(expected);
      }),
    );
  });

  it("gives every line of any text at most one row, whose message is one line", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("{", '"', "\n", "\r", "1", "\u2028", "\u001B", " ") }), (text) => {
        const rows = parseJsonLines(text, "in.jsonl");
        const lines = rows.map(({ line }) => line);
        expect(lines).toEqual([...new Set(lines)].toSorted((a, b) => a - b));
        for (const row of rows) if ("error" in row) expect(row.error.message).not.toMatch(/[\p{Cc}\u2028]/u);
      }),
    );
  });
});
