/** A message with its metadata, and the frames that carry it and everything else between two thread hosts. */

import type { Address, HostId } from "../../actors/address.ts";
import type { EncodedError } from "../../errors/error-codec.ts";
import type { Position } from "../../store/versions/snapshot.ts";
import type { AuthorityMessage, ReplicaMessage } from "../../store/replication/store-protocol.ts";
import type { SupervisionFrame } from "./supervision-protocol.ts";

/**
 * No deadline. Not 0: a field that holds a whole number in most objects and a fraction in some makes V8 migrate each
 * object when it is first read, which took as long as all else about a small message (`bench/messages.ts`).
 */
export const never = Number.POSITIVE_INFINITY;

/** A message on its way. Its payload is a copy that nobody else holds (invariant 1). */
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
}

/**
 * How an actor ends: handling what waits first, or leaving it as dead letters.
 *
 * @since 0.1.0
 */
export type StopMode = "drain" | "discard";

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

/** What an ask came to. */
export type Answer =
  | { readonly ok: true; readonly value: unknown; readonly hasRefs: boolean; readonly isJson: boolean }
  | { readonly ok: false; readonly error: EncodedError };

/** Why nobody waits for the answer to an ask any more: an error code. */
export type CancelCode = "cancelled" | "timed-out" | "actor-stopped" | "thread-died";

/** How a subscription to an actor's events ended. */
export type StreamEnd = { readonly kind: "completed" } | { readonly kind: "failed"; readonly error: EncodedError };

/** One thing that crosses a link. */
export type Frame =
  | Envelope
  | { readonly kind: "reply"; readonly id: number; readonly answer: Answer; readonly token: Position }
  /** Nobody waits for the answer to the ask `id` any more. Of one that is answered, or was never sent, it says nothing new. */
  | { readonly kind: "cancel"; readonly to: Address; readonly id: number; readonly code: CancelCode }
  /** `count` messages to `to` have left its mailbox; `gone`: there is no such actor any more. */
  | { readonly kind: "credit"; readonly to: Address; readonly count: number; readonly gone: boolean }
  | { readonly kind: "subscribe"; readonly to: Address; readonly subscription: number }
  | { readonly kind: "unsubscribe"; readonly to: Address; readonly subscription: number }
  | {
      readonly kind: "event";
      readonly subscription: number;
      readonly event: unknown;
      readonly isJson: boolean;
      readonly hasRefs?: true;
    }
  | { readonly kind: "event-credit"; readonly to: Address; readonly subscription: number; readonly count: number }
  | { readonly kind: "stream-end"; readonly subscription: number; readonly end: StreamEnd }
  | { readonly kind: "dead-letter"; readonly letter: DeadLetter; readonly isJson: boolean }
  /** Asks to stop an actor, after what was sent to it before. Answered by `stopped`, also where it is gone. */
  | { readonly kind: "stop"; readonly actor: Address; readonly mode: StopMode }
  /** An actor has stopped. */
  | { readonly kind: "stopped"; readonly actor: Address; readonly hasFailed: boolean }
  | { readonly kind: "failure"; readonly actor: Address; readonly type: string; readonly error: EncodedError }
  | { readonly kind: "to-authority"; readonly message: ReplicaMessage }
  | { readonly kind: "to-replica"; readonly message: AuthorityMessage }
  | SupervisionFrame;
