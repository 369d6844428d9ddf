/**
 * The Statlog German Credit data (H. Hofmann 1994, UCI Machine Learning Repository, CC BY 4.0) as applications: 20
 * attributes and a class a line, separated by blanks.
 *
 * Attributes not used: 9 (sex and marital status) and 20 (foreign worker), which no rule may use, and the class.
 * Attributes 8 and 11 are numbers from 1 to 4 in the data and stand for ranges, as U. Grömping found ("South German
 * Credit Data: Correcting a Widely Used Data Set", 2019); we take a value inside each range. The data has no income:
 * we take the one of which the instalment, amount / months, is the share that attribute 8 tells. The score on file is
 * derived, see previous-score.ts.
 */

import type { Particulars } from "./application.ts";
import { type ApplicationRow, checkApplication, rowError, show } from "./application-row.ts";
import { InputError } from "./input-error.ts";
import { scoreOnFile } from "./previous-score.ts";

const ATTRIBUTES = 21;

type Codes = Readonly<Record<string, string | number | boolean>>;
interface Attribute {
  /** From 1, as the data's own description counts. */
  readonly number: number;
  readonly name: string;
  /** What the codes mean; without them the attribute is a number. */
  readonly codes?: Codes;
}

const MAPPING: readonly Attribute[] = [
  { number: 1, name: "checking", codes: { A11: "overdrawn", A12: "low", A13: "high", A14: "none" } },
  { number: 2, name: "months" },
  // A30 "no credits taken / all paid back", A31 all at this bank paid back, A32 existing paid back duly till now,
  // A33 delay in the past, A34 "critical account / other credits existing (not at this bank)".
  {
    number: 3,
    name: "creditHistory",
    codes: { A30: "none", A31: "all-paid", A32: "current", A33: "delayed", A34: "elsewhere" },
  },
  {
    number: 4,
    name: "purpose",
    codes: {
      A40: "new-car",
      A41: "used-car",
      A42: "furniture",
      A43: "electronics",
      A44: "appliances",
      A45: "repairs",
      A46: "education",
      A47: "vacation",
      A48: "retraining",
      A49: "business",
      A410: "other",
    },
  },
  { number: 5, name: "amount" },
  { number: 6, name: "savings", codes: { A61: "small", A62: "moderate", A63: "solid", A64: "large", A65: "unknown" } },
  // Unemployed, under 1 year, 1 to 4, 4 to 7, 7 and more: the last is what even the youngest can have.
  { number: 7, name: "employmentYears", codes: { A71: 0, A72: 0.5, A73: 2.5, A74: 5.5, A75: 7 } },
  // The instalment takes 35 % of the income and more, 25 to 35, 20 to 25, under 20.
  { number: 8, name: "instalmentShare", codes: { 1: 0.4, 2: 0.3, 3: 0.225, 4: 0.15 } },
  { number: 10, name: "otherDebtors", codes: { A101: "none", A102: "co-applicant", A103: "guarantor" } },
  // Under 1 year, 1 to 4, 4 to 7, 7 and more.
  { number: 11, name: "residenceYears", codes: { 1: 0.5, 2: 2.5, 3: 5.5, 4: 10 } },
  { number: 12, name: "property", codes: { A121: "real-estate", A122: "savings-plan", A123: "car", A124: "none" } },
  { number: 13, name: "age" },
  { number: 14, name: "otherInstalments", codes: { A141: "bank", A142: "stores", A143: "none" } },
  { number: 15, name: "housing", codes: { A151: "rent", A152: "own", A153: "free" } },
  { number: 16, name: "existingCredits" },
  // Unskilled and non-resident or without work, unskilled and resident, skilled, management or self-employed.
  { number: 17, name: "job", codes: { A171: "none", A172: "unskilled", A173: "skilled", A174: "management" } },
  { number: 18, name: "dependants" },
  { number: 19, name: "telephone", codes: { A191: false, A192: true } },
];

/**
 * Reads applications from the Statlog text; `file` is what messages call it. The id of an application is
 * `statlog-<line>`. A bad row is an error row and harms no other.
 *
 * @throws InputError when there is no row.
 */
export function parseStatlogApplications(text: string, file: string): readonly ApplicationRow[] {
  const rows: ApplicationRow[] = [];
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    const fields = line.split(/\s+/).filter((field) => field !== "");
    if (fields.length > 0) rows.push(readRow(file, index + 1, fields));
  }
  if (rows.length === 0) throw new InputError(file, `is empty; expected rows of ${ATTRIBUTES} fields`);
  return rows;
}

function readRow(file: string, row: number, fields: readonly string[]): ApplicationRow {
  if (fields.length !== ATTRIBUTES) return rowError(file, row, `expected ${ATTRIBUTES} fields, got ${fields.length}`);
  const read: Record<string, string | number | boolean> = {};
  for (const { number, name, codes } of MAPPING) {
    const field = fields[number - 1] ?? "";
    const value = codes === undefined ? readNumber(field) : Object.hasOwn(codes, field) ? codes[field] : undefined;
    if (value === undefined) {
      const expected = codes === undefined ? "a number" : `one of ${Object.keys(codes).join(", ")}`;
      return rowError(file, row, `${name} (attribute ${number}): expected ${expected}, got ${show(field)}`);
    }
    read[name] = value;
  }
  const { instalmentShare, ...known } = read;
  // No months are refused below, as months: they must not show as an infinite income.
  const instalment = Number(known["amount"]) / Math.max(1, Number(known["months"]));
  const monthlyIncome = Math.round(instalment / Number(instalmentShare));
  // The rules must not see a row that the schema would refuse, so a stand-in goes through it for the score they derive.
  const checked = checkApplication(file, row, {
    id: `statlog-${row}`,
    ...known,
    monthlyIncome,
    previousScore: 300,
    note: "",
  });
  if ("error" in checked) return checked;
  const particulars: Particulars = checked.application;
  return { row, application: { ...checked.application, previousScore: scoreOnFile(particulars) } };
}

const readNumber = (text: string): number | undefined => (/^-?\d+$/.test(text) ? Number(text) : undefined);
