/** What a host is told when it starts. */

import type { HostId } from "../../actors/address.ts";
import type { Platform } from "../system/platform.ts";
import type { ResolvedOptions } from "../system/system-options.ts";

/** Plain data: it crosses to the thread. */
export interface HostSettings {
  readonly id: HostId;
  /** How many messages an actor handles before the other actors of its thread get their turn. */
  readonly messagesPerTurn: number;
  readonly maxMessageBytes: number;
  /** Milliseconds. */
  readonly askTimeout: number;
}

export function settingsOf(
  id: HostId,
  { messagesPerTurn }: Platform,
  { maxMessageBytes, askTimeout }: ResolvedOptions,
): HostSettings {
  return { id, messagesPerTurn, maxMessageBytes, askTimeout };
}
