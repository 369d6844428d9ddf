/** A message as a behaviour sees it. */

import type { Address } from "./address.ts";
import type { MessagePayload, MessageReply, Protocol } from "./protocol.ts";

/**
 * One message of a behaviour's inbox: a union over the protocol, told apart by `type`.
 *
 * @since 0.1.0
 */
export type InboxMessage<P extends Protocol> = {
  [K in keyof P & string]: {
    readonly type: K;
    readonly payload: MessagePayload<P[K]>;
    /** The sender's address; undefined for a message from outside any actor. */
    readonly from: Address | undefined;
    /**
     * Aborts when the asker stops waiting or the actor is being stopped. No longer aborts once the message is answered.
     */
    readonly signal: AbortSignal;
    /** When the asker stops waiting, as `context.deadline`; Infinity for a tell. */
    readonly deadline: number;
    /** Milliseconds until `deadline`; 0 when it has passed. */
    timeLeft(): number;
    /** Answers an ask; does nothing for a tell, or the second time. */
    reply(value: MessageReply<P[K]>): void;
    /** Answers an ask with an error. */
    fail(error: unknown): void;
    /**
     * Keeps the message's place in the mailbox until the returned function is called, so that senders are slowed while
     * it is handled. Without it a message leaves the mailbox when the stream takes it.
     */
    hold(): () => void;
  };
}[keyof P & string];
