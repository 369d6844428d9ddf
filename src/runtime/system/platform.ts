/** The ports a system stands on, in one bundle: production's or the simulator's. */

import type { HostId } from "../../actors/address.ts";
import type { ActorObserver } from "../../ports/actor-observer.ts";
import type { WatchedClock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import type { Turns } from "../../ports/turns.ts";
import type { VitalSigns } from "../../ports/vitals.ts";
import type { DefinitionLoader } from "../definitions/definition-loader.ts";
import type { HostSettings } from "../host/host-settings.ts";
import type { SystemEvent } from "../telemetry/system-events.ts";
import type { HostThreads } from "../threads/host-threads.ts";
import type { SettledOptions } from "./system-options.ts";

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
  /** Looks at how the thread of the system is from then on; absent where a thread is none. */
  readonly vitals?: () => VitalSigns;
  readonly tracing: {
    /** Another one for each process: ids of spans are made from it. */
    readonly seed: string;
    /** Milliseconds after which a host sends what it has recorded by itself; Infinity where that would change the schedule. */
    readonly sendWithin: number;
  };
  /** Sees what actors do. */
  readonly observer?: ActorObserver | undefined;
  /** Hears of each event of the system before its listeners do, and doesn't count as one. */
  readonly witness?: (event: SystemEvent) => void;
}

/** How many spans a host keeps until they are sent, and how many may be open there. */
const spansOfHost = 10_000;

/** What a host of the system is told when it starts. */
export function settingsOf(
  id: HostId,
  { messagesPerTurn, tracing }: Platform,
  { maxMessageBytes, askTimeout, loadTimeout, telemetry, metrics: isMeasured }: SettledOptions,
): HostSettings {
  const settings = { id, messagesPerTurn, maxMessageBytes, askTimeout, loadTimeout, isMeasured };
  if (telemetry === undefined) return settings;
  const { sample, content = "none" } = telemetry;
  return { ...settings, telemetry: { ...tracing, sample, content, capacity: spansOfHost } };
}
