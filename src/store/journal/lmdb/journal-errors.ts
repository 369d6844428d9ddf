/** Errors about journals on disk. */

import { statfsSync } from "node:fs";
import type { DetailsOf } from "../../../errors/error-details.ts";
import { isTroupeError, TroupeError } from "../../../errors/troupe-error.ts";

/** The error of a file of the journal that is damaged outside of its versions. */
export function corruptFile(
  file: string,
  what: string,
  details: Pick<DetailsOf<"journal-corrupt">, "page"> = {},
): TroupeError {
  return new TroupeError(
    "journal-corrupt",
    `The journal's file ${file} is damaged: ${what}. It was not opened. Restore it from a backup.`,
    { details: { file, what, ...details } },
  );
}

/** The error of a damaged index, which can't tell whether a key has versions or a commit was made before. */
export function corruptIndex(what: string, count: number): TroupeError {
  return new TroupeError(
    "journal-corrupt",
    `${what} isn't among the entries that can be read, and ${count} can't be: it may be one of them. Run \`troupe verify\`, and restore the journal from a backup.`,
    { details: { what, count } },
  );
}

/** The error of a failed write. */
export function writeFailed(directory: string, cause: unknown): TroupeError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const freeBytes = freeBytesIn(directory);
  return new TroupeError(
    "journal-failed",
    `The journal in ${directory} could not write: ${reason} (${freeBytes ?? "an unknown number of"} bytes are free there). Nothing of this commit was kept; what was acknowledged before can be read. Look at the disk, and commit again.`,
    { cause, details: { directory, freeBytes } },
  );
}

/** The error of a compaction that failed, whose draft was given up. */
export function compactionFailed(directory: string, cause: unknown): TroupeError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const freeBytes = freeBytesIn(directory);
  return new TroupeError(
    "journal-failed",
    `The journal in ${directory} could not be compacted: ${reason} (${freeBytes ?? "an unknown number of"} bytes are free there). Its file is as it was, and takes commits. Make room for as much as it takes once more, and compact again.`,
    { cause, details: { directory, freeBytes } },
  );
}

/** The error of a compaction that is done but for removing the file before. */
export function remainsLeft(directory: string, cause: unknown): TroupeError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new TroupeError(
    "journal-failed",
    `The journal in ${directory} is compacted, but the file before could not be removed: ${reason}. That is done when it is opened the next time, or compacted.`,
    { cause, details: { directory } },
  );
}

/** The error of a journal whose files are there and can't be opened. */
export function notOpenable(directory: string, why: string, cause?: unknown): TroupeError {
  return new TroupeError(
    "journal-failed",
    `The journal in ${directory} can't be opened: ${why}. Nothing was changed. Put that right, and open it again.`,
    { details: { directory }, ...(cause === undefined ? {} : { cause }) },
  );
}

/** What opening a journal fails with: what isn't an error of Troupe's becomes one. */
export function openingFailed(directory: string, error: unknown): TroupeError {
  if (isTroupeError(error)) return error;
  return notOpenable(directory, error instanceof Error ? error.message : String(error), error);
}

/** The error of any call once a journal can't know any more that what it writes is what the next owner finds. */
export function stopped(directory: string, why: string, cause?: unknown): TroupeError {
  return new TroupeError(
    "journal-stopped",
    `The journal in ${directory} has stopped: ${why}. It takes and answers nothing from now on. Close it, look at what happened there, and open it again.`,
    { details: { directory }, ...(cause === undefined ? {} : { cause }) },
  );
}

/** The free room on the disk, for the message: LMDB reports a full disk as an input/output error. */
export function freeBytesIn(directory: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

/** The error of a commit to a journal that takes none. */
export function notWritable(directory: string, why: string, cause?: unknown): TroupeError {
  return new TroupeError("journal-failed", `The journal in ${directory} takes no commits: ${why}.`, {
    details: { directory },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The error of any call after the journal was closed. */
export function closed(directory: string): TroupeError {
  return new TroupeError("journal-failed", `The journal in ${directory} is closed. Open it again.`, {
    details: { directory },
  });
}
