/** An actor as its host shows it. Plain data: it crosses threads. */

import type { Address } from "../../actors/address.ts";

/** A value as JSON, or the beginning of it. Nothing of it is hidden or redacted yet. */
export interface PeekedValue {
  readonly json: string;
  readonly isCut?: true;
}

export interface PeekedMessage {
  /** Of its sender's host. */
  readonly id: number;
  readonly type: string;
  /** Absent for one from outside any actor. */
  readonly from?: Address;
  /** True when its sender waits for an answer. */
  readonly isAsk: boolean;
  /** Milliseconds until it is not handled any more; absent for no deadline. */
  readonly timeLeft?: number;
  readonly payload: PeekedValue;
}

export interface PeekedActor {
  /** Where in its life it is: `running`, or how it ends or waits for its supervisor. */
  readonly life: string;
  /** How many messages it handles at the moment; and the one, where it handles one at a time. */
  readonly handles: number;
  readonly inHand?: PeekedMessage;
  /** How many messages wait, and the first of them in their order. */
  readonly waiting: number;
  readonly mailbox: readonly PeekedMessage[];
  /** What it keeps in memory from one message to the next; absent for nothing. */
  readonly state?: PeekedValue;
  /** For a durable actor: the key of its state. */
  readonly key?: string;
}
