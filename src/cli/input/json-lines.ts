/** Inputs as JSON Lines: one JSON value per line; blank lines are skipped. */

import { type InputRow, rowError } from "./input-row.ts";
import { messageOf } from "../output/one-line.ts";

/**
 * Reads the text of a file. `file` is its name in messages. A line that isn't JSON becomes an error row and doesn't
 * affect other lines.
 */
export function parseJsonLines(text: string, file: string): readonly InputRow[] {
  return text.split("\n").flatMap((each, index): InputRow[] => {
    if (each.trim() === "") return [];
    const line = index + 1;
    try {
      return [{ line, input: JSON.parse(each) as unknown }];
    } catch (cause) {
      return [rowError({ file, line }, `is not JSON: ${messageOf(cause)}`)];
    }
  });
}
