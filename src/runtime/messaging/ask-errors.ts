/**
 * The errors of asks that end without an answer: of messages that were not handled, or may have been, and of askers that stop
 * waiting.
 */

import type { Address } from "../../actors/address.ts";
import type { GoneReason } from "../../actors/gone.ts";
import { AskError, isAskError, toAskError } from "../../errors/ask-error.ts";
import { isTroupeError, TroupeError } from "../../errors/troupe-error.ts";
import type { CancelCode, DeadLetterReason, Envelope } from "../transport/envelope.ts";

/** What errors say of a message. */
type Named = Pick<Envelope, "to" | "type">;

/** The error where an actor of a definition is looked for by its name, and there is none. */
export function noSuchActor(definition: string, name: string): AskError {
  return new AskError("rejected", "no-such-actor", `there is no ${definition} named ${name}`, { details: { name } });
}

/** The error for the asker of a message that was not handled. */
export function notHandled({ to, type }: Named, reason: DeadLetterReason, cause?: unknown): AskError {
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

/** The error for a message that was begun before: unlike one that was never begun, it may have had effects. */
export function begunBefore(error: AskError): AskError {
  if (error.mayHaveRun) return error;
  const { code, message } = error;
  const outcome = code === "timed-out" ? code : "failed";
  return toAskError(error, outcome, { message: `${message}; it had begun to, and that may have had effects` });
}

/** A message that was not sent, as its receiver's thread is gone. */
export function threadLost({ to, type }: Named, cause: unknown): AskError {
  return new AskError("rejected", "thread-died", `the thread of ${to} has died`, { cause, details: { to, type } });
}

/** An ask that could not even be sent was certainly not handled. */
export function notSent(error: unknown): unknown {
  return isTroupeError(error) && !isAskError(error) ? toAskError(error, "rejected") : error;
}

/** The dead letter that a tell becomes which was not sent because of its receiver; `undefined` where its sender made a mistake. */
export function unsentReason(error: unknown): DeadLetterReason | undefined {
  if (!isTroupeError(error)) return undefined;
  switch (error.code) {
    case "mailbox-full":
      return "overflow";
    case "no-such-actor":
    case "actor-stopped":
    case "thread-died":
    case "system-closed":
      return error.code;
    default:
      return undefined;
  }
}

/** What is said of messages to an actor that is gone, which it had not begun, by why it is. */
export function departed(reason: GoneReason): {
  readonly letter: DeadLetterReason;
  readonly toError: (message: Named) => AskError;
} {
  switch (reason) {
    case "no-such-actor":
      return { letter: reason, toError: (message) => notHandled(message, reason) };
    case "thread-died":
      return { letter: reason, toError: lostWithThread };
    case "left-behind":
      return { letter: "actor-stopped", toError: leftBehind };
    default:
      return { letter: "actor-stopped", toError: (message) => notHandled(message, "actor-stopped") };
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

/** Why an asker gives up. When the system closes, each host stops its own actors, so no cancel frame is sent for that. */
export type GivenUpCode = CancelCode | "system-closed";

/** What errors say of an ask. */
export interface GivenUpAsk {
  readonly to: Address;
  readonly type: string;
  /** Milliseconds that it was to wait. */
  readonly timeout: number;
  /** False while it waits for room in the mailbox: then it never leaves. */
  readonly isSent: boolean;
  /** The actors that wait, each for the next one, where the ask closes a circle of asks. */
  readonly circle?: readonly Address[] | undefined;
}

/** What an asker is told that gives up. */
export function givenUp(
  { to, type, timeout, isSent, circle }: GivenUpAsk,
  code: GivenUpCode,
  cause?: unknown,
): AskError {
  const details = code === "timed-out" ? { to, type, timeout } : { to, type };
  const options = { details, mayHaveRun: isSent, ...(cause === undefined ? {} : { cause }) };
  const then = isSent ? "it may have handled it, or may still" : "it was not sent";
  switch (code) {
    case "timed-out": {
      const message =
        timeout > 0
          ? `${to} did not answer "${type}" within ${timeout} ms; ${then}${circle === undefined ? "" : inCircle(circle)}`
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

function inCircle(actors: readonly Address[]): string {
  return `. Each of ${actors.join(" > ")} asks the next one and waits: break the circle with a tell, or let one of them handle several messages at a time`;
}

const reasons = {
  cancelled: "its asker gave up",
  "timed-out": "its deadline passed",
  "actor-stopped": "the actor that asked has stopped",
  "thread-died": "the thread of the actor that asked has died",
} as const satisfies Record<CancelCode, string>;

/** Why the handler of an ask need not go on: the reason of its signal. */
export function noLongerWanted({ to, type }: Pick<Envelope, "to" | "type">, code: CancelCode): AskError {
  return new AskError("cancelled", code, `"${type}" to ${to} is no longer wanted: ${reasons[code]}`, {
    details: { to, type },
  });
}

/** The error of an ask whose handler stopped because the ask was over; for an asker that hears of that first. */
export function stoppedLate({ to, type }: Pick<Envelope, "to" | "type">, thrown: unknown): AskError {
  const message = `${to} stopped handling "${type}", as time was up; it may have had effects`;
  return new AskError("timed-out", "timed-out", message, { cause: thrown, details: { to, type } });
}

/** Why an ask that was still waiting is not handled. */
export function withdrawalReason(code: CancelCode): DeadLetterReason {
  return code === "timed-out" ? "expired" : "cancelled";
}

/** What a handler is told that goes on after its actor was replaced. */
export function replaced(actor: string): TroupeError {
  return new TroupeError(
    "actor-stopped",
    `${actor} did not stop by its deadline and was left behind: what it does has no effect any more`,
    { details: { actor } },
  );
}
