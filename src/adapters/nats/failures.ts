/** The journal's own errors. */

import { TroupeError } from "../../errors/troupe-error.ts";

/** Where a journal is, as messages name it. */
export interface Place {
  /** The servers without passwords, and the stream. */
  readonly name: string;
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function notOpenable({ name }: Place, why: string, cause?: unknown): TroupeError {
  return new TroupeError("journal-failed", `The journal ${name} can't be opened: ${why}.`, {
    details: { directory: name },
    ...(cause === undefined ? {} : { cause }),
  });
}

export function compactionFailed({ name }: Place, cause: unknown): TroupeError {
  return new TroupeError(
    "journal-failed",
    `The journal ${name} could not be compacted: ${reasonOf(cause)}. It takes commits. What is to go may still be in its streams: compact it again.`,
    { cause, details: { directory: name } },
  );
}

export function closed({ name }: Place): TroupeError {
  return new TroupeError("journal-failed", `The journal ${name} is closed. Open it again.`, {
    details: { directory: name },
  });
}

export function corruptMessage({ name }: Place, sequence: number, what: string, cause?: unknown): TroupeError {
  return new TroupeError(
    "journal-corrupt",
    `Message ${sequence} of the journal ${name} can't be read: ${what}. Nothing after it can be trusted. Restore the stream from a backup, or from a replica that has it.`,
    { details: { what: `message ${sequence}: ${what}` }, ...(cause === undefined ? {} : { cause }) },
  );
}
