/** What senders are told of messages that nobody handles, or that nobody can say of whether they were. */

import type { GoneReason } from "../../actors/gone.ts";
import { AskError, isAskError } from "../../errors/ask-error.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import type { DeadLetterReason, Envelope } from "../transport/envelope.ts";

/** What errors say of a message. */
type Named = Pick<Envelope, "to" | "type">;

/** The error an asker gets whose message nobody handled. */
export function buried({ to, type }: Named, reason: DeadLetterReason, cause?: unknown): AskError {
  const options = { details: { to, type }, ...(cause === undefined ? {} : { cause }) };
  switch (reason) {
    case "no-such-actor":
      return new AskError(
        "rejected",
        "no-such-actor",
        `there is no actor ${to}: it was never spawned, or has stopped`,
        options,
      );
    case "actor-stopped":
      return new AskError("rejected", "actor-stopped", `${to} stopped before it handled "${type}"`, options);
    case "thread-died":
      return new AskError(
        "failed",
        "thread-died",
        `the thread of ${to} died before it answered "${type}"; it may have handled it`,
        options,
      );
    case "max-deliveries":
      return new AskError(
        "failed",
        "max-deliveries",
        `${to} went down with "${type}" as often as its supervisor lets it begin a message`,
        options,
      );
    case "overflow":
      return new AskError(
        "rejected",
        "mailbox-full",
        `the mailbox of ${to} was full, and "${type}" was dropped`,
        options,
      );
    case "expired":
      return new AskError(
        "rejected",
        "timed-out",
        `"${type}" was still waiting in the mailbox of ${to} when its deadline passed`,
        options,
      );
    default:
      return new AskError("rejected", "system-closed", `the system closed before ${to} handled "${type}"`, options);
  }
}

/** What is true of a message that nobody handles, that it had no effect, isn't of one that was begun before. */
export function begunBefore(error: AskError): AskError {
  if (error.mayHaveRun) return error;
  const { code, message, details } = error;
  const outcome = code === "timed-out" ? code : "failed";
  return new AskError(outcome, code, `${message}; it had begun to, and that may have had effects`, { details });
}

/** A message that was not sent, as its receiver's thread is gone. */
export function lost({ to, type }: Named, cause: unknown): AskError {
  return new AskError("rejected", "thread-died", `the thread of ${to} has died`, { cause, details: { to, type } });
}

/** An ask that could not even be sent was certainly not handled. */
export function notSent(error: unknown): unknown {
  if (!isTroupeError(error) || isAskError(error)) return error;
  const { code, message, details } = error;
  return new AskError("rejected", code, message, { details });
}

/** What is said of messages to an actor that is gone, which it had not begun, by why it is. */
export function departed(reason: GoneReason): {
  readonly letter: DeadLetterReason;
  readonly toError: (message: Named) => AskError;
} {
  switch (reason) {
    case "no-such-actor":
      return { letter: reason, toError: (message) => buried(message, reason) };
    case "thread-died":
      return { letter: reason, toError: lostWithThread };
    case "left-behind":
      return { letter: "actor-stopped", toError: leftBehind };
    default:
      return { letter: "actor-stopped", toError: (message) => buried(message, "actor-stopped") };
  }
}

function lostWithThread({ to, type }: Named): AskError {
  const message = `the thread of ${to} died before it handled "${type}", and ${to} is not started again`;
  return new AskError("rejected", "thread-died", message, { details: { to, type } });
}

function leftBehind({ to, type }: Named): AskError {
  const message = `${to} did not stop by its deadline and was left behind; it may have handled "${type}"`;
  return new AskError("failed", "actor-stopped", message, { details: { to, type } });
}
