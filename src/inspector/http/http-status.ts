/** What an error is as an answer over HTTP. */

import type { ErrorCode } from "../../errors/error-code.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";

const statuses: Partial<Record<ErrorCode, number>> = {
  "invalid-options": 400,
  "no-such-key": 404,
  "no-such-version": 404,
  "no-such-path": 404,
  "no-such-run": 404,
  "definition-not-found": 404,
  "run-exists": 409,
  overloaded: 429,
  "no-such-actor": 404,
  "no-such-message": 404,
  "timed-out": 504,
  erased: 410,
  "key-exists": 409,
  conflict: 409,
  "not-admissible": 409,
  "past-point-of-no-return": 409,
  "contract-violated": 422,
  "invalid-state": 422,
  "message-too-large": 413,
  "system-closed": 503,
  "ownership-lost": 503,
  "on-standby": 503,
};

export interface ErrorAnswer {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

export function errorAnswer(error: unknown): ErrorAnswer {
  if (isTroupeError(error)) return { status: statuses[error.code] ?? 500, code: error.code, message: error.message };
  return { status: 500, code: "failed", message: error instanceof Error ? error.message : "it failed" };
}
