/** A message with its metadata, and what becomes of one that is not handled. */

import type { Address, HostId } from "../../actors/address.ts";
import type { Position } from "../../store/versions/snapshot.ts";

/**
 * No deadline. Not 0: a field that holds a whole number in most objects and a fraction in some makes V8 migrate each
 * object when it is first read, which took as long as all else about a small message (`bench/messages.ts`).
 */
export const never = Number.POSITIVE_INFINITY;

/** A message on its way. Its payload is a copy of its own (invariant 1). */
export interface Envelope {
  /** An envelope is the frame that carries it. */
  readonly kind: "message";
  /** Unique per sending host. The reply to an ask carries it. */
  readonly id: number;
  readonly to: Address;
  /** The sending actor; absent for a message from outside any actor. */
  readonly from: Address | undefined;
  readonly type: string;
  readonly payload: unknown;
  /** The causal token: what the sender has written or seen (invariant 4). */
  readonly token: Position;
  readonly isAsk: boolean;
  /** When an ask's answer is no longer awaited, in the clock's milliseconds; {@link never} for a tell. */
  readonly deadline: number;
  /** The id of the message that the sender was handling; 0 for none. */
  readonly cause: number;
  /** True when the sender knew the definition and checked the payload against it. */
  readonly isChecked: boolean;
  /** True when the payload holds plain forms of refs that the receiver has to revive. */
  readonly hasRefs: boolean;
  /** True when JSON carries the payload without loss. */
  readonly isJson: boolean;
  /** The host it came from; its replies and credits go back there. */
  readonly origin: HostId;
  /** The same for each sending of a message that may be sent again; a durable actor handles it once. */
  readonly idempotencyKey: string | undefined;
  /** True when it may have been sent before: a durable actor looks whether it has handled it, before it does. */
  readonly isRepeat: boolean;
  /** True for an ask that only wants to know when it is handled: a behaviour need not answer it. */
  readonly isTold: boolean;
  /** The actors that wait for the sender's answer, one for the next, when it asks; absent for none. */
  readonly askers?: readonly Address[] | undefined;
  /** The sender's place in its trace, as a traceparent; absent for a sender that has none. The same for all that it sends there. */
  readonly trace?: string | undefined;
}

/** All of a message but its id and its payload: what the messages of a burst have in common. */
export type EnvelopeHeader = Omit<Envelope, "kind" | "id" | "payload">;

/** Makes every envelope: with the fields in one order all are of one hidden class, which V8 reads fastest (`bench/messages.ts`). */
export function makeEnvelope(id: number, payload: unknown, header: EnvelopeHeader): Envelope {
  return {
    kind: "message",
    id,
    to: header.to,
    from: header.from,
    type: header.type,
    payload,
    token: header.token,
    isAsk: header.isAsk,
    deadline: header.deadline,
    cause: header.cause,
    isChecked: header.isChecked,
    hasRefs: header.hasRefs,
    isJson: header.isJson,
    origin: header.origin,
    idempotencyKey: header.idempotencyKey,
    isRepeat: header.isRepeat,
    isTold: header.isTold,
    askers: header.askers,
    trace: header.trace,
  };
}

/** True for messages that differ in nothing but their ids and payloads. */
export function sharesHeader(a: EnvelopeHeader, b: EnvelopeHeader): boolean {
  return (
    a.to === b.to &&
    a.from === b.from &&
    a.type === b.type &&
    a.token === b.token &&
    a.isAsk === b.isAsk &&
    a.deadline === b.deadline &&
    a.cause === b.cause &&
    a.isChecked === b.isChecked &&
    a.hasRefs === b.hasRefs &&
    a.isJson === b.isJson &&
    a.origin === b.origin &&
    a.idempotencyKey === b.idempotencyKey &&
    a.isRepeat === b.isRepeat &&
    a.isTold === b.isTold &&
    a.askers === b.askers &&
    a.trace === b.trace
  );
}

/**
 * Why no actor processed a message.
 *
 * @since 0.1.0
 */
export type DeadLetterReason =
  | "no-such-actor"
  | "no-such-message"
  | "actor-stopped"
  | "thread-died"
  | "overflow"
  | "expired"
  | "cancelled"
  | "invalid-message"
  | "handler-failed"
  | "rejected"
  /** It was handled as often as its receiver's supervisor allows, and each time the receiver went down. */
  | "max-deliveries"
  | "system-closed";

/**
 * A message that no actor processed, with the reason. `system.deadLetters$` tells of it.
 *
 * @since 0.1.0
 */
export interface DeadLetter {
  readonly reason: DeadLetterReason;
  readonly to: Address;
  readonly from: Address | undefined;
  readonly type: string;
  readonly payload: unknown;
  /** What went wrong in words, where there is more to say than the reason. */
  readonly detail?: string;
}

/** Why an asker stopped waiting: an error code. */
export type CancelCode = "cancelled" | "timed-out" | "actor-stopped" | "thread-died";
