/** The errors of files that can't be read or written, each on one line that names the file. */

import { TroupeError } from "../../errors/troupe-error.ts";
import { messageOf } from "../output/one-line.ts";

const causes: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file: a part of the path is not a directory",
  EISDIR: "is a directory, not a file",
  EACCES: "may not be read: permission denied",
  EPERM: "may not be read: permission denied",
};

/** The `invalid-input` error of a file that could not be opened or read; the file system's error is its cause. */
export function unreadable(file: string, cause: unknown): TroupeError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return fileError(file, causes[code] ?? `can't be read: ${messageOf(cause)}`, cause);
}

/** The `invalid-input` error of a whole file. */
export function fileError(file: string, problem: string, cause?: unknown): TroupeError {
  return new TroupeError("invalid-input", `${file}: ${problem}`, {
    details: { file },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The `invalid-input` error of a file that could not be written. */
export function unwritable(file: string, cause: Error): TroupeError {
  return fileError(file, `can't be written: ${messageOf(cause)}`, cause);
}
