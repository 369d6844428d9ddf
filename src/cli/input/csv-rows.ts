/**
 * Splits CSV text into rows, each with the line that it starts on. csv-parse does the parsing (RFC 4180, strictly);
 * this file doesn't interpret the rows, and adds what csv-parse lacks:
 *
 * - Line numbers. csv-parse's own count goes wrong after a CRLF inside a quoted field.
 * - Recovery. csv-parse's `skip_records_with_error` goes on inside the broken quote and loses good rows. Here a broken
 *   row is one line, and reading goes on with the next.
 */

import { CsvError, parse } from "csv-parse/sync";

/** A row as it stands in the file. `line` is 1 for the first line; `field` is the index of the broken field. */
export type CsvRow =
  | { readonly line: number; readonly fields: readonly string[] }
  | { readonly line: number; readonly problem: string; readonly field: number };

const LF = 10;
const CR = 13;

const QUOTING_PROBLEMS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: "a quote is opened and never closed",
  CSV_INVALID_CLOSING_QUOTE: 'text after a closing quote; a quote inside quotes is written ""',
  INVALID_OPENING_QUOTE: "a quote in an unquoted field; put the whole field in quotes",
};

/**
 * The rows of a CSV text, in order, header included, without blank lines, and without a byte order mark. Lines may end in LF or
 * CRLF. Rows may have any number of fields; the caller checks it.
 */
export function parseCsv(text: string): readonly CsvRow[] {
  const bytes = Buffer.from(text.startsWith("\uFEFF") ? text.slice(1) : text);
  const rows: CsvRow[] = [];
  let position = 0;
  let line = 1;
  const advanceTo = (end: number): void => {
    for (; position < end; position++) if (bytes[position] === LF) line++;
  };
  const skipBlankLines = (): void => {
    while (bytes[position] === LF || bytes[position] === CR) advanceTo(position + 1);
  };

  while (position < bytes.length) {
    const start = position;
    try {
      parse(bytes.subarray(start), {
        record_delimiter: ["\r\n", "\n"],
        relax_column_count: true,
        on_record: (fields: string[], { bytes: end }) => {
          skipBlankLines();
          if (!isBlank(fields)) rows.push({ line, fields });
          advanceTo(start + end);
          return null;
        },
      });
      return rows;
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      skipBlankLines();
      rows.push({ line, problem: QUOTING_PROBLEMS[error.code] ?? error.message, field: Number(error["index"] ?? 0) });
      const lineEnd = bytes.indexOf(LF, position);
      advanceTo(lineEnd === -1 ? bytes.length : lineEnd + 1);
    }
  }
  return rows;
}

const isBlank = (fields: readonly string[]): boolean => fields.length === 1 && fields[0]?.trim() === "";
