/**
 * Applications as CSV: a header with exactly the fields of an application, in any order, then a row each. RFC 4180
 * quoting; LF or CRLF; numbers with a decimal point; booleans `true` and `false`. Rows and their line numbers come from the
 * reader of the `troupe` command.
 */

import { parseCsv } from "../../src/cli/input/csv-rows.ts";
import { Application } from "./application.ts";
import { type ApplicationRow, checkApplication, rowError, show } from "./application-row.ts";
import { InputError } from "./input-error.ts";

type Column = keyof typeof Application.entries;

/** The columns in the order in which they are written. */
export const COLUMNS = Object.keys(Application.entries) as readonly Column[];

/**
 * Reads applications from CSV text; `file` is what messages call it. A bad row is an error row and harms no other.
 *
 * @throws InputError when there is no header or no row, or the header lacks, repeats or invents a column.
 */
export function parseCsvApplications(text: string, file: string): readonly ApplicationRow[] {
  const [header, ...rows] = parseCsv(text);
  if (header === undefined) throw new InputError(file, "is empty; expected a header and a row for each application");
  if ("problem" in header) throw new InputError(file, `the header cannot be read: ${header.problem}`);
  const columns = checkHeader(file, header.fields);
  if (rows.length === 0) throw new InputError(file, "has a header and no applications");

  const lineOfId = new Map<string, number>();
  return rows.map((row) => {
    if ("problem" in row) return rowError(file, row.line, `${columns[row.field] ?? "row"}: ${row.problem}`);
    const read = readRow(file, row.line, columns, row.fields);
    if ("error" in read) return read;
    const { id } = read.application;
    const earlier = lineOfId.get(id);
    if (earlier !== undefined) return rowError(file, row.line, `id: ${show(id)} is already on line ${earlier}`);
    lineOfId.set(id, row.line);
    return read;
  });
}

/** Writes applications as CSV that `parseCsvApplications` reads back unchanged. */
export function formatCsvApplications(applications: readonly Application[]): string {
  const lines = applications.map((application) =>
    COLUMNS.map((column) => quote(String(application[column]))).join(","),
  );
  return `${[COLUMNS.join(","), ...lines].join("\n")}\n`;
}

function checkHeader(file: string, header: readonly string[]): readonly Column[] {
  const names = header.map((name) => name.trim());
  const missing = COLUMNS.filter((column) => !names.includes(column));
  const unknown = names.filter((name) => !isColumn(name));
  const repeated = names.filter((name, index) => isColumn(name) && names.indexOf(name) !== index);
  const problems = [
    ...missing.map((name) => `column ${show(name)} is missing`),
    ...unknown.map((name) => (name === "" ? "a column has no name" : `column ${show(name)} is unknown`)),
    ...repeated.map((name) => `column ${show(name)} is there twice`),
  ];
  if (problems.length > 0) throw new InputError(file, summary(problems));
  return names.filter(isColumn);
}

function readRow(file: string, line: number, columns: readonly Column[], fields: readonly string[]): ApplicationRow {
  if (fields.length !== columns.length) {
    const { length } = fields;
    const where =
      length < columns.length
        ? `${show(columns[length])} is the first missing`
        : `${show(fields[columns.length])} is the first too many`;
    return rowError(file, line, `expected ${columns.length} fields, got ${length}; ${where}`);
  }
  const candidate: Record<string, unknown> = {};
  for (const [index, column] of columns.entries()) candidate[column] = readField(column, fields[index] ?? "");
  return checkApplication(file, line, candidate);
}

/** The value a field stands for; a text that is none of its kind stays a text, and the schema refuses it. */
function readField(column: Column, text: string): unknown {
  const { type } = Application.entries[column];
  const trimmed = text.trim();
  if (type === "number") return /^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(trimmed) ? Number(trimmed) : trimmed;
  if (type === "boolean") return trimmed === "true" ? true : trimmed === "false" ? false : trimmed;
  return column === "note" ? text : trimmed;
}

/** Names the first few of many problems: a file of another kind has dozens. */
function summary(problems: readonly string[]): string {
  const shown = problems.slice(0, 3);
  const more = problems.length - shown.length;
  return shown.join("; ") + (more === 0 ? "" : `; and ${more} more`);
}

const isColumn = (name: string): name is Column => Object.hasOwn(Application.entries, name);
const quote = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
