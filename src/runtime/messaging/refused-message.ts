/** A message that its receiver refuses before any handler sees it. */

import type { AskError } from "../../errors/ask-error.ts";
import type { ErrorCode } from "../../errors/error-code.ts";
import type { DeadLetterReason } from "../transport/envelope.ts";

const refusals: Partial<Record<ErrorCode, DeadLetterReason>> = {
  "no-such-message": "no-such-message",
  "actor-stopped": "actor-stopped",
  "thread-died": "cancelled",
  "system-closed": "system-closed",
  cancelled: "cancelled",
  "timed-out": "expired",
};

/** A message that its receiver refuses: no handler has seen it. */
export class RefusedMessage extends Error {
  readonly error: AskError;
  readonly reason: DeadLetterReason;

  constructor(error: AskError) {
    super(error.message, { cause: error });
    this.error = error;
    this.reason = refusals[error.code] ?? "invalid-message";
  }
}
