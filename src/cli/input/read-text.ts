/** Reads a file of text. */

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { fileError, unreadable } from "./file-error.ts";

/**
 * The text of a file.
 *
 * @param path relative to `cwd`, and written so in messages.
 * @throws TroupeError (as a rejection) `invalid-input` when it can't be read or isn't UTF-8.
 */
export async function readText(path: string, cwd: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(resolve(cwd, path));
  } catch (cause) {
    throw unreadable(path, cause);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes); // also removes a byte order mark
  } catch (cause) {
    throw fileError(path, "is not UTF-8 text", cause);
  }
}
