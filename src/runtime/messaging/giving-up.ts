/** Why askers stop waiting for an answer: what they are told, and what those are told whom they asked. */

import type { Address } from "../../actors/address.ts";
import { AskError } from "../../errors/ask-error.ts";
import type { CancelCode, DeadLetterReason, Envelope } from "../transport/envelope.ts";

/** Why an asker gives up. When the system closes, every host stops its own actors: nobody else has to tell them. */
export type GivenUpCode = CancelCode | "system-closed";

/** What errors say of an ask. */
export interface GivenUpAsk {
  readonly to: Address;
  readonly type: string;
  /** Milliseconds that it was to wait. */
  readonly timeout: number;
  /** False while it waits for room in the mailbox: then it never leaves. */
  readonly isSent: boolean;
}

/** What an asker is told that gives up. */
export function givenUp({ to, type, timeout, isSent }: GivenUpAsk, code: GivenUpCode, cause?: unknown): AskError {
  const details = code === "timed-out" ? { to, type, timeout } : { to, type };
  const options = { details, mayHaveRun: isSent, ...(cause === undefined ? {} : { cause }) };
  const then = isSent ? "it may have handled it, or may still" : "it was not sent";
  switch (code) {
    case "timed-out": {
      const message =
        timeout > 0
          ? `${to} did not answer "${type}" within ${timeout} ms; ${then}`
          : `there is no time left to ask ${to} for "${type}"; ${then}`;
      return new AskError(isSent ? "timed-out" : "rejected", code, message, options);
    }
    case "actor-stopped":
      return new AskError("cancelled", code, `the actor that asked ${to} for "${type}" stopped; ${then}`, options);
    case "system-closed": {
      const message = `the system closed before ${to} answered "${type}"; ${then}`;
      return new AskError(isSent ? "failed" : "rejected", code, message, options);
    }
    default:
      return new AskError("cancelled", code, `the asker gave up on "${type}" to ${to}; ${then}`, options);
  }
}

const reasons = {
  cancelled: "its asker gave up",
  "timed-out": "its deadline passed",
  "actor-stopped": "the actor that asked has stopped",
  "thread-died": "the thread of the actor that asked has died",
} as const satisfies Record<CancelCode, string>;

/** Why the handler of an ask need not go on: the reason of its signal. */
export function unwanted({ to, type }: Pick<Envelope, "to" | "type">, code: CancelCode): AskError {
  return new AskError("cancelled", code, `"${type}" to ${to} is no longer wanted: ${reasons[code]}`, {
    details: { to, type },
  });
}

/** What the asker is told of a handler that stopped as nobody waits for it any more, should it hear of that first. */
export function stoppedLate({ to, type }: Pick<Envelope, "to" | "type">, thrown: unknown): AskError {
  const message = `${to} stopped handling "${type}", as time was up; it may have had effects`;
  return new AskError("timed-out", "timed-out", message, { cause: thrown, details: { to, type } });
}

/** Why an ask that was still waiting is not handled. */
export function withdrawal(code: CancelCode): DeadLetterReason {
  return code === "timed-out" ? "expired" : "cancelled";
}
