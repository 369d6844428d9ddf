/** What a durable actor makes of a failure of the store: what it says to the asker has to be right about the message. */

import type { MaybePromise } from "../../async/maybe-promise.ts";
import { AskError } from "../../errors/ask-error.ts";
import { messageOf } from "../../errors/caught.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import type { Envelope } from "../transport/envelope.ts";

/** A failure of the store, and not of the handler. The message had no effect, unless {@link isOutcomeUnknown}. */
export class StoreFailure extends Error {
  constructor(cause: unknown) {
    super("the store failed", { cause });
  }
}

/** @throws StoreFailure */
export async function stored<T>(work: () => MaybePromise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new StoreFailure(error);
  }
}

/** True where the message may have been handled after all, and the store can't be asked any more. */
export function isOutcomeUnknown(error: unknown): boolean {
  return error instanceof StoreFailure && isTroupeError(error.cause, "outcome-unknown");
}

/** What the asker is told. */
export function refusalOf({ to, type }: Envelope, { cause }: StoreFailure): AskError {
  const why = messageOf(cause);
  if (isTroupeError(cause, "outcome-unknown")) {
    const { code, details } = cause;
    return new AskError("failed", code, `${to} may have handled "${type}": ${why}`, { cause, details });
  }
  return new AskError("rejected", "not-committed", `${to} had no effect of "${type}", as the store failed: ${why}`, {
    cause,
    details: { to, type },
  });
}
