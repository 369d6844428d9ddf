/** One row of a file of inputs: a value for the workflow, or what is wrong with the row. What all readers give. */

import { TroupeError } from "../../errors/troupe-error.ts";

/** `line` is the line of the file on which the row starts, from 1. */
export type InputRow =
  | { readonly line: number; readonly input: unknown }
  | { readonly line: number; readonly error: TroupeError };

/** Where in a file a row stands. */
export interface RowPosition {
  readonly file: string;
  readonly line: number;
}

/** A row that can't be used: an `invalid-input` error, written `file:line: field: problem` as editors and terminals link it. */
export function rowError({ file, line }: RowPosition, problem: string, field?: string): InputRow {
  const where = field === undefined ? "" : `${field}: `;
  const details = { file, line, ...(field === undefined ? {} : { field }) };
  return { line, error: new TroupeError("invalid-input", `${file}:${line}: ${where}${problem}`, { details }) };
}
