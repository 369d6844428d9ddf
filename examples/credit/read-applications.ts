/** Applications from a file, in either format. */

import { readFile } from "node:fs/promises";
import type { ApplicationRow } from "./application-row.ts";
import { parseCsvApplications } from "./csv-applications.ts";
import { unreadable } from "./input-error.ts";
import { parseStatlogApplications } from "./statlog-applications.ts";

export const FORMATS = ["csv", "statlog"] as const;
export type Format = (typeof FORMATS)[number];

/**
 * Reads a file of applications, in the order of the file.
 *
 * A row that cannot be used is `{ row, error }`: `row` its line, `error` one line that names file, line and field. The
 * others are unharmed.
 *
 * @throws InputError when the file cannot be read, is empty, or is a CSV file with other columns than an application
 * has.
 */
export async function readApplications(path: string, format: Format): Promise<readonly ApplicationRow[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw unreadable(path, cause);
  }
  return format === "csv" ? parseCsvApplications(text, path) : parseStatlogApplications(text, path);
}
