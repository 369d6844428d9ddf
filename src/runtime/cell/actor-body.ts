/** What a cell calls to have messages handled, and what holds back what a handler sends. */

import type { HeldMessages } from "../messaging/target.ts";
import type { Delivery } from "./delivery.ts";

/** What handles an actor's messages. */
export interface ActorBody {
  /**
   * Handles one message. When it returns, or its promise resolves, the message has left the mailbox. It answers an ask
   * through the delivery; what it throws becomes the answer, and a dead letter for a tell.
   */
  handle(delivery: Delivery): void | Promise<void>;
  /** Lets go of everything; no message follows. */
  stop(): void;
  /** What it keeps from one message to the next, for a reader of another thread to look at; absent for nothing. */
  readonly kept?: { readonly state: unknown } | { readonly key: string } | undefined;
  /** True while the body has to finish something before a drained actor stops. When that is done, it tells its cell that it has settled. */
  readonly isOwing?: boolean;
}

/** Takes what an actor sends and emits, and keeps it until it may leave. */
export interface HeldBack extends HeldMessages {
  /** @throws TroupeError `not-cloneable` or `message-too-large`. */
  emit(event: unknown): void;
}
