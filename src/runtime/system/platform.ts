/** The ports a system stands on, in one bundle: production's or the simulator's. */

import type { Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import type { Turns } from "../../ports/turns.ts";
import type { DefinitionLoader } from "../definitions/definition-loader.ts";
import type { HostThreads } from "../threads/host-threads.ts";

export interface Platform {
  readonly clock: Clock;
  readonly random: Random;
  readonly turns: Turns;
  readonly threads: HostThreads;
  readonly load: DefinitionLoader;
  /** How many messages an actor handles before the other actors of its thread get their turn. */
  readonly messagesPerTurn: number;
}
