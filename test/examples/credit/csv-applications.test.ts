import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Application } from "../../../examples/credit/application.ts";
import { COLUMNS, formatCsvApplications, parseCsvApplications } from "../../../examples/credit/csv-applications.ts";
import { InputError } from "../../../examples/credit/input-error.ts";
import { anyApplication, sample } from "./application-arbitrary.ts";

const parse = (text: string) => parseCsvApplications(text, "some.csv");
const header = COLUMNS.join(",");
/** The sample's line with some fields replaced by raw CSV. */
const line = (raw: Readonly<Record<string, string>> = {}) =>
  COLUMNS.map((column) => raw[column] ?? String(sample[column])).join(",");
const errors = (text: string) => parse(text).flatMap((row) => ("error" in row ? [row.error] : []));

describe("a file of applications", () => {
  it("comes back as it was written", () => {
    const file = fc.uniqueArray(anyApplication, {
      selector: (application) => application.id,
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(file, fc.boolean(), (applications: readonly Application[], mark) => {
        const text = (mark ? "\uFEFF" : "") + formatCsvApplications(applications);
        const rows = parse(text);
        expect(rows.map((row) => ("application" in row ? row.application : row.error))).toEqual(applications);
      }),
    );
  });

  it("may have its columns in any order, and blanks around its values", () => {
    const shuffled = COLUMNS.toReversed();
    const values = shuffled.map((column) => (column === "note" ? "" : ` ${sample[column]} `));
    const text = `${shuffled.join(" , ")}\r\n${values.join(",")}\r\n\r\n`;
    expect(parse(text)).toEqual([{ row: 2, application: sample }]);
  });

  it("may quote fields with commas, line breaks and quotes in them", () => {
    const text = `${header}\n${line({ id: '"Doe, J."', note: '"two\nlines, ""so"""' })}\n${line({ id: "b" })}\n`;
    expect(parse(text)).toEqual([
      { row: 2, application: { ...sample, id: "Doe, J.", note: 'two\nlines, "so"' } },
      { row: 4, application: { ...sample, id: "b" } },
    ]);
  });
});

describe("a bad row", () => {
  it.each([
    ['some.csv:2: age: expected number, got "forty"', line({ age: "forty" })],
    ['some.csv:2: age: expected number, got ""', line({ age: "" })],
    ['some.csv:2: age: expected number, got "4e1"', line({ age: "4e1" })],
    ['some.csv:2: age: expected number, got "0x20"', line({ age: "0x20" })],
    ['some.csv:2: age: expected number, got "NaN"', line({ age: "NaN" })],
    ["some.csv:2: age: expected >=18, got 7", line({ age: "7" })],
    ["some.csv:2: months: expected integer, got 2.5", line({ months: "2.5" })],
    ['some.csv:2: amount: expected number, got "1,000"', line({ amount: '"1,000"' })],
    ['some.csv:2: telephone: expected boolean, got "yes"', line({ telephone: "yes" })],
    ['some.csv:2: housing: expected ("rent" | "own" | "free"), got "tent"', line({ housing: "tent" })],
    ['some.csv:2: id: must have 1 to 64 characters, no slash, no control character, got "a/b"', line({ id: "a/b" })],
    [
      'some.csv:2: id: must have 1 to 64 characters, no slash, no control character, got "a\\nb"',
      line({ id: '"a\nb"' }),
    ],
    ["some.csv:2: age: expected >=18, got 7 (and 1 more in this row)", line({ housing: "tent", age: "7" })],
    ['some.csv:2: expected 21 fields, got 3; "amount" is the first missing', "a,b,c"],
    [
      `some.csv:2: expected 21 fields, got 22; "${"x".repeat(36)}... is the first too many`,
      `${line()},${"x".repeat(99)}`,
    ],
    [
      'some.csv:2: purpose: text after a closing quote; a quote inside quotes is written ""',
      line({ purpose: '"new"car' }),
    ],
    ["some.csv:2: note: a quote is opened and never closed", line({ note: '"to be continued' })],
    ["some.csv:2: note: a quote in an unquoted field; put the whole field in quotes", line({ note: 'a "remark"' })],
  ])("is told in one line: %s", (error, bad) => {
    expect(errors(`${header}\n${bad}\n`)).toEqual([error]);
    expect(error).not.toContain("\n");
  });

  it("harms no other", () => {
    const text = [header, line({ id: "a" }), line({ id: '"b' }), line({ id: "c" }), "", "?", line({ id: "d" })].join(
      "\n",
    );
    expect(parse(text).map((row) => [row.row, "error" in row ? "error" : row.application.id])).toEqual([
      [2, "a"],
      [3, "error"],
      [4, "c"],
      [6, "error"],
      [7, "d"],
    ]);
  });

  it("is one whose id is there already; the first stands", () => {
    const text = [header, line({ id: "a" }), line({ id: "b" }), line({ id: " a " }), line({ id: "a", age: "7" })].join(
      "\n",
    );
    expect(errors(text)).toEqual(['some.csv:4: id: "a" is already on line 2', "some.csv:5: age: expected >=18, got 7"]);
  });
});

describe("a bad file", () => {
  const without = (...names: string[]) => COLUMNS.filter((column) => !names.includes(column)).join(",");
  it.each([
    ["", "is empty; expected a header and a row for each application"],
    ["\uFEFF\r\n\r\n", "is empty; expected a header and a row for each application"],
    [header, "has a header and no applications"],
    [`${without("amount")}\n`, 'column "amount" is missing'],
    [
      `${without("amount", "age", "note", "job")}\n`,
      'column "age" is missing; column "amount" is missing; column "job" is missing; and 1 more',
    ],
    [`${header},sex\n`, 'column "sex" is unknown'],
    [`${header},\n`, "a column has no name"],
    [`${header},constructor\n`, 'column "constructor" is unknown'],
    [`${header},"a\nb"\n`, 'column "a\\nb" is unknown'],
    [`${header},age\n`, 'column "age" is there twice'],
    [`${without("amount")},Amount\n`, 'column "amount" is missing; column "Amount" is unknown'],
    [`"${header}\n`, "the header cannot be read: a quote is opened and never closed"],
  ])("%j is refused whole", (text, problem) => {
    expect(() => parse(text)).toThrow(new InputError("some.csv", problem));
  });
});
