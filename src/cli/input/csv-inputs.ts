/** Inputs as CSV: a header that names the fields, then a row for each input, which becomes an object. */

import type * as v from "valibot";
import { type CellKinds, cellKinds, readCell } from "./csv-cell.ts";
import { type CsvRow, parseCsv } from "./csv-rows.ts";
import { fileError } from "./file-error.ts";
import { type InputRow, type RowPosition, rowError } from "./input-row.ts";
import { quoted } from "../output/one-line.ts";

/**
 * Reads the text of a file. `file` is its name in messages, `schema` the schema of the inputs. A row that can't be read
 * becomes an error row that names the field, and doesn't affect other rows.
 *
 * @throws TroupeError `invalid-input` when there is no header or no row.
 */
export function parseCsvInputs(text: string, file: string, schema: v.GenericSchema): readonly InputRow[] {
  const [header, ...rows] = parseCsv(text);
  if (header === undefined) throw fileError(file, "is empty; expected a header and a row for each input");
  if ("problem" in header) throw fileError(file, `the header can't be read: ${header.problem}`);
  const kinds = cellKinds(schema);
  const columns = checkHeader(file, header.fields, kinds);
  if (rows.length === 0) throw fileError(file, "has a header and no inputs");
  return rows.map((row) => readRow(file, row, columns, kinds));
}

function checkHeader(file: string, header: readonly string[], kinds: CellKinds): readonly string[] {
  const columns = header.map((name) => name.trim());
  if (kinds.size > 0 && !columns.some((name) => kinds.has(name))) {
    throw fileError(file, `has no header: the first line names none of the input's fields ${some([...kinds.keys()])}`);
  }
  const unnamed = columns.indexOf("");
  if (unnamed >= 0) throw fileError(file, `column ${unnamed + 1} of the header has no name`);
  const repeated = columns.find((name, index) => columns.indexOf(name) !== index);
  if (repeated !== undefined) throw fileError(file, `column ${quoted(repeated)} is there twice`);
  return columns;
}

function readRow(file: string, row: CsvRow, columns: readonly string[], kinds: CellKinds): InputRow {
  const position: RowPosition = { file, line: row.line };
  if ("problem" in row) return rowError(position, row.problem, columns[row.field]);
  const { fields } = row;
  if (fields.length !== columns.length) {
    const problem = `expected ${columns.length} fields, got ${fields.length}`;
    const missing = columns[fields.length];
    if (missing !== undefined) return rowError(position, `is missing; ${problem}`, missing);
    return rowError(position, `${problem}; the first too many is ${quoted(fields[columns.length] ?? "")}`);
  }
  const entries: [name: string, value: unknown][] = [];
  for (const [index, column] of columns.entries()) {
    const text = fields[index] ?? "";
    const cell = readCell(text, kinds.get(column));
    if (cell === "absent") continue;
    if ("expected" in cell) return rowError(position, `expected ${cell.expected}, got ${quoted(text)}`, column);
    entries.push([column, cell.value]);
  }
  return { line: row.line, input: Object.fromEntries(entries) };
}

/** Names the first few of many. */
function some(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(", ");
  return names.length <= 5 ? shown : `${shown} and ${names.length - 5} more`;
}
