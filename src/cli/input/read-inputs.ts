/** Inputs from a file, in either format. */

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type * as v from "valibot";
import { parseCsvInputs } from "./csv-inputs.ts";
import { fileError, unreadable } from "./file-error.ts";
import type { InputRow } from "./input-row.ts";
import { parseJsonLines } from "./json-lines.ts";

export interface InputFile {
  /** Taken from `cwd`; messages name the file so. Its ending tells the format: `.jsonl` or `.csv`. */
  readonly path: string;
  readonly cwd: string;
  /** What the inputs have to satisfy: tells numbers and booleans of a CSV file from text. */
  readonly schema: v.GenericSchema;
}

/**
 * Reads a file of inputs, in the order of the file. A row that can't be used carries its error; the others are unharmed.
 *
 * @throws TroupeError (as a rejection) `invalid-input` when the file can't be read, is of no such format, is not UTF-8
 * or has no inputs.
 */
export async function readInputs({ path, cwd, schema }: InputFile): Promise<readonly InputRow[]> {
  const text = await readText(path, cwd);
  const isJson = /\.jsonl$/i.test(path);
  if (!isJson && !/\.csv$/i.test(path)) throw fileError(path, "is neither a .jsonl nor a .csv file");
  if (text.trim() === "") throw fileError(path, "is empty");
  return isJson ? parseJsonLines(text, path) : parseCsvInputs(text, path, schema);
}

async function readText(path: string, cwd: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(resolve(cwd, path));
  } catch (cause) {
    throw unreadable(path, cause);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes); // takes off a byte order mark, too
  } catch (cause) {
    throw fileError(path, "is not UTF-8 text", cause);
  }
}
