/** Inputs as JSON Lines: one JSON value a line; blank lines are none. */

import { type InputRow, rowError } from "./input-row.ts";
import { messageOf } from "../output/one-line.ts";

/** Reads the text of a file; `file` is what messages call it. A line that isn't JSON is an error row and harms no other. */
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
