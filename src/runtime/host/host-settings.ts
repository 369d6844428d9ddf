/** What a host is told when it starts. */

import type { HostId } from "../../actors/address.ts";

/** Plain data: it crosses to the thread. */
export interface HostSettings {
  readonly id: HostId;
  /** How many messages an actor handles before the other actors of its thread get their turn. */
  readonly messagesPerTurn: number;
  readonly maxMessageBytes: number;
  /** Milliseconds. */
  readonly askTimeout: number;
  /** Milliseconds. */
  readonly loadTimeout: number;
}
