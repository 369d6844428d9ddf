/** Asks without code that waits for the answer: when the receiver is gone, the rejection must not end the process (invariant 9). */

import { unsentReason } from "./ask-errors.ts";

/**
 * The result of an ask, given how the ask goes. A rejection that says that the receiver is gone, or has no room, counts as
 * handled even where no code handles it: the message is a dead letter then, as a tell is. Any other is a mistake in the message
 * or its handler, and rejects as any promise does.
 */
function sparing<T>(outcome: Promise<unknown>, result: Promise<T>): Promise<T> {
  outcome.catch((error: unknown) => {
    if (unsentReason(error) !== undefined) result.catch(() => undefined); // the dead letter says it
  });
  return result;
}

/** The same for work that asks. What it throws is a rejection. */
export function spared<T>(work: () => Promise<T>): Promise<T> {
  const outcome = (async () => work())();
  return sparing(
    outcome,
    outcome.then((value) => value),
  );
}
