/** One row of an input: an application, or a one-line error that says where and what. What both readers give. */

import * as v from "valibot";
import { Application } from "./application.ts";

/** `row` is the line of the file on which the row starts, from 1. */
export type ApplicationRow =
  | { readonly row: number; readonly application: Application }
  | { readonly row: number; readonly error: string };

/** Checks a candidate against the schema; the error names file, line and field, and counts further faults. */
export function checkApplication(file: string, row: number, candidate: unknown): ApplicationRow {
  const result = v.safeParse(Application, candidate);
  if (result.success) return { row, application: result.output };
  const [first, ...others] = result.issues;
  const more = others.length === 0 ? "" : ` (and ${others.length} more in this row)`;
  return rowError(file, row, `${v.getDotPath(first) ?? "application"}: ${fault(first)}${more}`);
}

/** An error row, written `file:line: problem`, as editors and terminals link it. */
export const rowError = (file: string, row: number, problem: string): ApplicationRow => ({
  row,
  error: `${file}:${row}: ${problem}`,
});

/** A value as a message may show it: quoted, on one line, cut when long. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 40 ? text : `${text.slice(0, 37)}...`;
}

function fault(issue: v.BaseIssue<unknown>): string {
  // A rule on a text carries its own words in application.ts; those on numbers and choices are told by valibot.
  const ownWords = issue.kind === "validation" && typeof issue.input === "string";
  return `${ownWords ? issue.message : `expected ${issue.expected ?? issue.type}`}, got ${show(issue.input)}`;
}
