import { expect, it } from "vitest";
import { InputError } from "../../../examples/credit/input-error.ts";
import { scoreOnFile } from "../../../examples/credit/previous-score.ts";
import { parseStatlogApplications } from "../../../examples/credit/statlog-applications.ts";

/** Made up, in the format of the data. */
const LINE = "A12 24 A33 A410 3600 A63 A74 3 A92 A103 2 A122 44 A142 A151 2 A174 1 A192 A201 2";
const parse = (text: string) => parseStatlogApplications(text, "some.data");
const replaced = (attribute: number, value: string) =>
  LINE.split(" ")
    .map((field, index) => (index === attribute - 1 ? value : field))
    .join("\t");

it("maps attributes and codes to the fields of an application", () => {
  const [row] = parse(`\n${LINE.replaceAll(" ", "\t")}\r\n`);
  const application = {
    id: "statlog-2",
    age: 44,
    // 3600 / 24 is 150 a month, and attribute 8 says that it is 20 to 25 % of the income.
    monthlyIncome: 667,
    amount: 3600,
    months: 24,
    purpose: "other",
    employmentYears: 5.5,
    job: "management",
    residenceYears: 2.5,
    housing: "rent",
    property: "savings-plan",
    checking: "low",
    savings: "solid",
    creditHistory: "delayed",
    existingCredits: 2,
    otherDebtors: "guarantor",
    otherInstalments: "stores",
    dependants: 1,
    telephone: true,
    note: "",
  } as const;
  expect(row).toEqual({ row: 2, application: { ...application, previousScore: scoreOnFile(application) } });
});

it("does not look at sex, marital status, nationality and the class", () => {
  const [row] = parse(LINE);
  for (const [attribute, value] of [
    [9, "A94"],
    [20, "A202"],
    [21, "1"],
  ] as const) {
    expect(parse(replaced(attribute, value))).toEqual([row]);
  }
});

it.each([
  ['some.data:1: checking (attribute 1): expected one of A11, A12, A13, A14, got "A15"', replaced(1, "A15")],
  [
    'some.data:1: checking (attribute 1): expected one of A11, A12, A13, A14, got "constructor"',
    replaced(1, "constructor"),
  ],
  ['some.data:1: amount (attribute 5): expected a number, got "much"', replaced(5, "much")],
  ['some.data:1: instalmentShare (attribute 8): expected one of 1, 2, 3, 4, got "5"', replaced(8, "5")],
  ["some.data:1: months: expected >=1, got 0", replaced(2, "0")],
  ["some.data:1: age: expected >=18, got 7", replaced(13, "7")],
  ["some.data:1: expected 21 fields, got 22", `${LINE} 1`],
  ["some.data:1: expected 21 fields, got 1", "A11"],
])("tells a bad row in one line and keeps the others: %s", (error, bad) => {
  const rows = parse(`${bad}\n\n${LINE}\n`);
  expect(rows[0]).toEqual({ row: 1, error: expect.stringContaining(error) });
  expect(rows[1]).toMatchObject({ row: 3, application: { id: "statlog-3" } });
  expect(rows).toHaveLength(2);
});

it.each(["", "\n", " \r\n\r\n"])("refuses a file without rows: %j", (text) => {
  expect(() => parse(text)).toThrow(new InputError("some.data", "is empty; expected rows of 21 fields"));
});
