/** The two ends of a message: its sender, and what is known of its receiver. */

import type { Address } from "../../actors/address.ts";
import type { AskScope } from "../../actors/ask-scope.ts";
import type { OverflowPolicy } from "../../actors/mailbox-options.ts";
import type { TraceContext } from "../../traces/traceparent.ts";
import type { Position } from "../../store/versions/snapshot.ts";
import type { ValueCopier } from "../../values/value-copier.ts";

/** Who sends: an actor, or code outside any. */
export interface Sender {
  readonly address: Address | undefined;
  readonly token: Position;
  /** The id of the message being handled; 0 for none. */
  readonly cause: number;
  /** It has now seen everything up to this position. */
  observe(position: Position): void;
  /** Where its messages wait until what it is handling has been committed; for a durable actor while it handles one. */
  readonly heldOutput?: HeldMessages | undefined;
  /** True for an actor that another life of it has replaced. */
  readonly isFenced?: boolean;
  /** What is being handled, which its asks end with. */
  readonly scope?: AskScope | undefined;
  /** Its place in a trace; absent for none. */
  readonly trace?: TraceContext | undefined;
}

/** Takes the messages of an actor that may not leave yet. */
export interface HeldMessages {
  /** @throws what sending the message would throw, but for a receiver that can't be reached: it may be back by then. */
  post(target: Target, type: string, payload: unknown): void;
}

/** Where a ref points, and what is known there about the messages it takes. */
export interface Target {
  readonly address: Address;
  readonly capacity: number;
  readonly overflow: OverflowPolicy;
  /** True where any number of asks may wait for room, as only their callers wait for them. Default false. */
  readonly isPatient?: boolean;
  /** Checks what is sent. Absent where the definition isn't known: then the receiver checks. */
  readonly check: MessageCheck | undefined;
}

/**
 * Checks a message before it is sent and returns what travels: an isolated copy of what the schema makes of the payload.
 * The copier's fields tell about the copy. `to` is for errors.
 *
 * @throws AskError `no-such-message` or `contract-violated`, outcome `rejected`; TroupeError as {@link ValueCopier.copy}.
 */
export type MessageCheck = (type: string, payload: unknown, copier: ValueCopier, to: Address) => unknown;
