/** Inputs from a file, in either format. */

import type * as v from "valibot";
import { parseCsvInputs } from "./csv-inputs.ts";
import { fileError } from "./file-error.ts";
import type { InputRow } from "./input-row.ts";
import { parseJsonLines } from "./json-lines.ts";
import { readText } from "./read-text.ts";

export interface InputFile {
  /** Relative to `cwd`, and written so in messages. The extension gives the format: `.jsonl` or `.csv`. */
  readonly path: string;
  readonly cwd: string;
  /** The schema of the inputs. For a CSV file it tells numbers and booleans from text. */
  readonly schema: v.GenericSchema;
}

/**
 * Reads a file of inputs, in the order of the file. A row that can't be used carries its error; others aren't affected.
 *
 * @throws TroupeError (as a rejection) `invalid-input` when the file can't be read, has another format, isn't UTF-8 or
 * has no inputs.
 */
export async function readInputs({ path, cwd, schema }: InputFile): Promise<readonly InputRow[]> {
  const text = await readText(path, cwd);
  const isJson = /\.jsonl$/i.test(path);
  if (!isJson && !/\.csv$/i.test(path)) throw fileError(path, "is neither a .jsonl nor a .csv file");
  if (text.trim() === "") throw fileError(path, "is empty");
  return isJson ? parseJsonLines(text, path) : parseCsvInputs(text, path, schema);
}
