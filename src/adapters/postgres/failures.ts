/** What the errors of statements say of their outcome, and the journal's own errors. */

import { TroupeError } from "../../errors/troupe-error.ts";

/** Where a journal is, as messages name it. */
export interface Place {
  /** The URL without its password, and the schema. */
  readonly name: string;
}

/** Classes of SQLSTATE in which the server says that the connection or the server itself ends. */
const ofConnections = /^(?:08|57P)/;
/** What may pass: conflicts of transactions, a server that only reads, and one that has no connection left. */
const passing = /^(?:40|25006$|53300$)/;

/**
 * - `refused`: the server has answered that the statement failed: nothing of it is kept, and it would fail again.
 * - `passing`: the server has answered that the statement failed, but it may succeed later.
 * - `unknown`: the connection has ended before there was an answer.
 */
export type Failed = "refused" | "passing" | "unknown";

export function failedHow(error: unknown): Failed {
  const { code, severity } = error as { readonly code?: unknown; readonly severity?: unknown };
  if (typeof code !== "string" || severity !== "ERROR" || ofConnections.test(code)) return "unknown";
  return passing.test(code) ? "passing" : "refused";
}

/** True for an error after which another attempt to connect makes sense: the server isn't there, or not yet. */
export function isUnreachable(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return typeof code !== "string" || !/^[0-9A-Z]{5}$/.test(code) || ofConnections.test(code) || passing.test(code);
}

export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(reasonOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}

export function writeFailed({ name }: Place, cause: unknown): TroupeError {
  return new TroupeError(
    "journal-failed",
    `The journal ${name} could not write: ${reasonOf(cause)}. Nothing of this commit was kept; what was acknowledged before can be read. Look at the database, and commit again.`,
    { cause, details: { directory: name } },
  );
}

export function readFailed({ name }: Place, cause: unknown): TroupeError {
  return new TroupeError("journal-failed", `The journal ${name} could not be read: ${reasonOf(cause)}.`, {
    cause,
    details: { directory: name },
  });
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
    `The journal ${name} could not be compacted: ${reasonOf(cause)}. It is as it was, and takes commits.`,
    { cause, details: { directory: name } },
  );
}

export function notCompactable({ name }: Place): TroupeError {
  return new TroupeError(
    "journal-failed",
    `The journal ${name} can't be compacted: its tables hold all cells, which would wait for that longer than their leases are. PostgreSQL's own vacuum makes the room usable again; run VACUUM FULL while no process owns a cell.`,
    { details: { directory: name } },
  );
}

export function notWritable({ name }: Place, why: string): TroupeError {
  return new TroupeError("journal-failed", `The journal ${name} takes no commits: ${why}.`, {
    details: { directory: name },
  });
}

export function closed({ name }: Place): TroupeError {
  return new TroupeError("journal-failed", `The journal ${name} is closed. Open it again.`, {
    details: { directory: name },
  });
}
