/** One row of a file of inputs, as every reader returns it: a value for the workflow, or the row's error. */

import { TroupeError } from "../../errors/troupe-error.ts";

/** `line` is the line of the file on which the row starts, from 1. */
export type InputRow =
  | { readonly line: number; readonly input: unknown }
  | { readonly line: number; readonly error: TroupeError };

/** The position of a row in a file. */
export interface RowPosition {
  readonly file: string;
  readonly line: number;
}

/** The `invalid-input` error of a line. Its message is `file:line: problem`, which editors and terminals turn into a link. */
export function wrongLine({ file, line }: RowPosition, problem: string): TroupeError {
  return new TroupeError("invalid-input", `${file}:${line}: ${problem}`, { details: { file, line } });
}

/**
 * A row that can't be used, with an `invalid-input` error. Its message is `file:line: field: problem`, which editors
 * and terminals turn into a link.
 */
export function rowError({ file, line }: RowPosition, problem: string, field?: string): InputRow {
  const where = field === undefined ? "" : `${field}: `;
  const details = { file, line, ...(field === undefined ? {} : { field }) };
  return { line, error: new TroupeError("invalid-input", `${file}:${line}: ${where}${problem}`, { details }) };
}
