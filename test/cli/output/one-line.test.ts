import { describe, expect, it } from "vitest";
import { messageOf, oneLine, quoted } from "../../../src/cli/output/one-line.ts";

describe("one line", () => {
  it.each([
    ["a\nb", "a b"],
    ["a \r\n\t b\n", "a b"],
    ["\u001B[31mred\u001B[0m", String.raw`\u001b[31mred\u001b[0m`],
    ["abc\u202Ecba\u2069\u009B2J\u0000", String.raw`abc\u202ecba\u2069\u009b2J\u0000`],
    ["a\u2028b\u0085c", "a b c"],
    ["  two  blanks", "two  blanks"],
  ])("makes %j %j", (text, line) => {
    expect(oneLine(text)).toBe(line);
  });

  it.each([
    [new Error("a\nb"), "a b"],
    [new TypeError(), "TypeError"],
    ["text", "text"],
    [undefined, "undefined"],
    [{ a: { b: 1 } }, "{ a: { b: 1 } }"],
  ])("tells what %j says", (thrown, message) => {
    expect(messageOf(thrown)).toBe(message);
  });

  it("quotes values, cut when long", () => {
    expect(quoted('a"b\n')).toBe(String.raw`"a\"b\n"`);
    expect(quoted("x".repeat(38))).toHaveLength(40);
    expect(quoted("x".repeat(50))).toBe(`"${"x".repeat(36)}..."`);
  });
});
