import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CsvRow, parseCsv } from "../../../src/cli/input/csv-rows.ts";

const row = (line: number, ...fields: string[]) => ({ line, fields });
const summary = (rows: readonly CsvRow[]) =>
  rows.map((each) => ("fields" in each ? each : { line: each.line, field: each.field }));

describe("parseCsv", () => {
  it.each([
    ["LF", "a,b\n1,2\n", [row(1, "a", "b"), row(2, "1", "2")]],
    ["CRLF", "a,b\r\n1,2\r\n", [row(1, "a", "b"), row(2, "1", "2")]],
    ["mixed line ends", "a\r\nb\nc\r\n", [row(1, "a"), row(2, "b"), row(3, "c")]],
    ["no last line end", "a,b\n1,2", [row(1, "a", "b"), row(2, "1", "2")]],
    ["a byte order mark", "\uFEFFa,b\n", [row(1, "a", "b")]],
    ["blank lines", "\n\na\r\n\r\n  \n\nb\n\n\n", [row(3, "a"), row(7, "b")]],
    ["commas in quotes", '"a,b",c\n', [row(1, "a,b", "c")]],
    ["escaped quotes", '"say ""hi""",""\n', [row(1, 'say "hi"', "")]],
    ["line feeds in quotes", '"a\n\nb",c\nd\n', [row(1, "a\n\nb", "c"), row(4, "d")]],
    ["CRLF in quotes", 'h\r\n"a\r\nb","c\r\n"\r\nd\r\n', [row(1, "h"), row(2, "a\r\nb", "c\r\n"), row(5, "d")]],
    ["blanks kept in fields", " a , b\n", [row(1, " a ", " b")]],
    ["letters of several bytes", '"é\n漢",b\n💳,c\n', [row(1, "é\n漢", "b"), row(3, "💳", "c")]],
    [
      "rows of any length",
      "a,b\n1\n1,2,3\n,\n",
      [row(1, "a", "b"), row(2, "1"), row(3, "1", "2", "3"), row(4, "", "")],
    ],
    ["nothing", "", []],
    ["a byte order mark alone", "\uFEFF", []],
    ["only blank lines", "\r\n\n \n", []],
  ])("reads %s", (_, text, rows) => {
    expect(parseCsv(text)).toEqual(rows);
  });

  it.each([
    [
      "text after a closing quote",
      'a,b\nx,"1"2\n3,4\n"5",6\n',
      [row(1, "a", "b"), { line: 2, field: 1 }, row(3, "3", "4"), row(4, "5", "6")],
    ],
    [
      "a quote in an unquoted field",
      'a,b\n\nx"y,2\r\n3,4\n',
      [row(1, "a", "b"), { line: 3, field: 0 }, row(4, "3", "4")],
    ],
    [
      "a quote never closed",
      'a,b\n1,"2\n3,4\n5,6',
      [row(1, "a", "b"), { line: 2, field: 1 }, row(3, "3", "4"), row(4, "5", "6")],
    ],
    [
      "a quote closed by another row's",
      'a,b\n1,"2\n"3",4\n5,6\n',
      [row(1, "a", "b"), { line: 2, field: 1 }, row(3, "3", "4"), row(4, "5", "6")],
    ],
    ["a quote opened at the very end", 'a,b\n1,"', [row(1, "a", "b"), { line: 2, field: 1 }]],
    ["problems side by side", '"a"b\n"c"d\n"e"\n', [{ line: 1, field: 0 }, { line: 2, field: 0 }, row(3, "e")]],
  ])("loses one line to %s", (_, text, rows) => {
    expect(summary(parseCsv(text))).toEqual(rows);
  });

  it("reads back what was quoted, with the lines the rows start on", () => {
    const field = fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[",\r\na ]*$/));
    const table = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 8 });
    fc.assert(
      fc.property(table, fc.constantFrom("\n", "\r\n"), fc.boolean(), (records, lineEnd, mark) => {
        let line = 1;
        let text = mark ? "\uFEFF" : "";
        const expected = records.map((fields) => {
          const written = fields.map((each) => `"${each.replaceAll('"', '""')}"`).join(",") + lineEnd;
          const start = line;
          line += written.split("\n").length - 1;
          text += written;
          return row(start, ...fields);
        });
        expect(parseCsv(text)).toEqual(expected);
      }),
    );
  });

  it("gives each line of any text at most one row, in order", () => {
    const text = fc.stringMatching(/^[",\r\nab ]*$/);
    fc.assert(
      fc.property(text, (any) => {
        const lines = parseCsv(any).map((each) => each.line);
        expect(lines).toEqual([...new Set(lines)].toSorted((a, b) => a - b));
        expect(lines.every((line) => line >= 1 && line <= any.split("\n").length)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
