/** Why a thread died, in words. */

import type { HostId } from "../../actors/address.ts";
import { decodeError, type EncodedError, encodeError } from "../../errors/error-codec.ts";
import type { DetailsOf } from "../../errors/error-details.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { ExitReport } from "./exit-report.ts";

/** How a thread came to its end; the `how` among the details of its `thread-died`. */
type Manner = ExitReport["kind"] | "out-of-memory" | "terminated" | "stalled" | "unreadable";

const threw = "code on it threw outside of any handler";
const outOfMemory =
  "its heap is full. Give it more by resourceLimits.maxOldGenerationSizeMb, or keep less on one thread";

/** The error with which a thread ended, as Node.js reports it. Wrapped, since `undefined` can be thrown too. */
export interface Failure {
  readonly thrown: unknown;
}

/**
 * The error of a thread that ended by itself, or was ended from outside.
 *
 * @param words what the thread itself reported of its end, if it could
 */
export function threadDied(thread: HostId, failure: Failure | undefined, words: ExitReport | undefined): TroupeError {
  switch (words?.kind) {
    case "threw":
      return death(thread, "threw", `${threw}: ${words.error.message}`, decodeError(words.error));
    case "rejected": {
      const what = `a promise was rejected on it, and no code handled that: ${words.error.message}`;
      return death(thread, "rejected", what, decodeError(words.error));
    }
    case "exited":
      return death(thread, "exited", `code on it called process.exit(${words.code})`, undefined, {
        exitCode: words.code,
      });
    case undefined:
      if (failure === undefined) return death(thread, "terminated", "it was terminated from outside", undefined);
      return isOutOfMemory(failure.thrown)
        ? death(thread, "out-of-memory", outOfMemory, failure.thrown)
        : death(thread, "threw", `${threw}: ${encodeError(failure.thrown).message}`, failure.thrown);
  }
}

/** The error of a thread that the watchdog ended. */
export function threadStalled(thread: HostId, stillFor: number, stallTimeout: number): TroupeError {
  const ms = Math.round(stillFor);
  const what =
    `it stood still for ${ms} ms (stallTimeout is ${stallTimeout}), and was killed: an endless loop, a computation without ` +
    "an await, or a call that blocks";
  return death(thread, "stalled", what, undefined, { stillFor: ms, stallTimeout });
}

/** The error of a thread that was ended because of what it sent. */
export function threadUnreadable(thread: HostId, error: EncodedError): TroupeError {
  const what =
    `what it sent to other threads can't be read (${error.message}), and it was ended: code on it has changed JSON or the ` +
    "prototype of a built-in object, perhaps in a library";
  return death(thread, "unreadable", what, decodeError(error));
}

function death(
  thread: HostId,
  how: Manner,
  what: string,
  cause: unknown,
  more: Omit<DetailsOf<"thread-died">, "thread" | "how"> = {},
): TroupeError {
  return new TroupeError("thread-died", `thread ${thread} died: ${what}`, {
    ...(cause === undefined ? {} : { cause }),
    details: { thread, how, ...more },
  });
}

function isOutOfMemory(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === "ERR_WORKER_OUT_OF_MEMORY";
}
