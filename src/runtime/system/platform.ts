/** The ports a system stands on, in one bundle: production's or the simulator's. */

import type { HostId } from "../../actors/address.ts";
import type { WatchedClock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import type { Turns } from "../../ports/turns.ts";
import type { DefinitionLoader } from "../definitions/definition-loader.ts";
import type { HostSettings } from "../host/host-settings.ts";
import type { HostThreads } from "../threads/host-threads.ts";
import type { ResolvedOptions } from "./system-options.ts";

export interface Platform {
  /** Stands for the system, on each of its threads: by it, refs of another system are told apart. */
  readonly system: object;
  readonly clock: WatchedClock;
  readonly random: Random;
  readonly turns: Turns;
  readonly threads: HostThreads;
  readonly load: DefinitionLoader;
  /** How many messages an actor handles before the other actors of its thread get their turn. */
  readonly messagesPerTurn: number;
}

/** What a host of the system is told when it starts. */
export function settingsOf(
  id: HostId,
  { messagesPerTurn }: Platform,
  { maxMessageBytes, askTimeout, loadTimeout }: ResolvedOptions,
): HostSettings {
  return { id, messagesPerTurn, maxMessageBytes, askTimeout, loadTimeout };
}
