/** What `createSystem` loads when it is called: the system, on the ports of Node.js. */

import { nodeClock } from "../platform/node-clock.ts";
import { nodeRandom } from "../platform/node-random.ts";
import { nodeSignals } from "../platform/node-signals.ts";
import { shutdownOnSignal } from "./shutdown-on-signal.ts";
import type { SpanMemory } from "../../inspector/source/span-memory.ts";
import { usualSample } from "./telemetry-options.ts";
import type { TelemetrySettings } from "../telemetry/trace-collector.ts";
import { ActorSystem } from "./actor-system.ts";
import type { Journal } from "../../store/journal/journal.ts";
import type { HostThreads } from "../threads/host-threads.ts";
import type { System } from "./system.ts";
import {
  closeUnused,
  openedJournal,
  type ResolvedOptions,
  settleOptions,
  type SettledOptions,
  type SystemOptions,
} from "./system-options.ts";
import { hostId } from "../../actors/address.ts";
import { nodePlatform, nodeWorkers } from "./node-platform.ts";
import { type Platform, settingsOf } from "./platform.ts";
import { StandbySystem } from "./standby-system.ts";
import type { SharedWorkers } from "../threads/worker-source.ts";
import { threadsAhead } from "../threads/threads-ahead.ts";

/** @throws TroupeError (as a rejection), those of `createSystem`. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const given = await settleOptions(options);
  const spans = given.inspector && new (await import("../../inspector/source/span-memory.ts")).SpanMemory();
  const settled = spans === undefined ? given : { ...given, telemetry: withLive(given.telemetry, spans) };
  const platform = nodePlatform(settled);
  const start = async (resolved: ResolvedOptions, threads = platform.threads): Promise<ActorSystem> => {
    const system = await ActorSystem.start({ ...platform, threads }, resolved);
    if (spans !== undefined) await withInspector(system, resolved, spans);
    return system;
  };
  const open = (signal: AbortSignal): Promise<Journal> => openedJournal(options, signal);
  const starting = settled.standby
    ? standBy(platform, settled, open, start)
    : start({ ...settled, journal: await open(new AbortController().signal) });
  if (settled.shutdownOn.length > 0) shutdownOnSignal(starting, settled.shutdownOn, nodeSignals());
  return starting;
}

/**
 * Starts the system of a cell on its journal. As another process goes on with what it leaves, it ends as a standby does.
 *
 * @throws TroupeError (as a rejection), those of `createSystem`. The journal is closed then.
 */
export async function startCell(options: SystemOptions, journal: Journal, workers: SharedWorkers): Promise<System> {
  const settled = await settleOptions({ ...options, journal, standby: true });
  return ActorSystem.start(nodePlatform({ ...settled, threads: 1 }, workers.source), {
    ...settled,
    threads: 1,
    journal,
  });
}

/** The worker threads for all cells of a process. @throws TroupeError `invalid-options` */
export async function workersOfCells(options: SystemOptions): Promise<SharedWorkers> {
  const settled = await settleOptions(options);
  return nodeWorkers(settled, settled.threads);
}

/** Opens the threads, and leaves it to a journal that comes later to start the system. */
async function standBy(
  platform: Platform,
  settled: SettledOptions,
  open: (signal: AbortSignal) => Promise<Journal>,
  start: (resolved: ResolvedOptions, threads: HostThreads) => Promise<System>,
): Promise<System> {
  const ids = Array.from({ length: settled.threads }, (_, i) => hostId(i + 1));
  const threads = await threadsAhead(
    platform.threads,
    ids.map((id) => settingsOf(id, platform, settled)),
  );
  return new StandbySystem({
    clock: platform.clock,
    logger: settled.logger,
    wait: open,
    closeUnused,
    start: (journal, setup) => start({ ...settled, journal, setup }, threads),
    setup: settled.setup,
    closeThreads: () => threads.close(),
  });
}

/** Has spans recorded for the inspector, which shows the inside of agents by them. */
function withLive(telemetry: TelemetrySettings | undefined, live: SpanMemory): TelemetrySettings {
  return { sinks: [], sample: usualSample, content: "none", ...telemetry, live };
}

/** Opens the inspector; the system is closed where that fails. */
async function withInspector(system: ActorSystem, options: ResolvedOptions, spans: SpanMemory): Promise<void> {
  const { inspector: settings, workflows } = options;
  if (settings === undefined) return;
  try {
    const { openInspector } = await import("../../inspector/inspector.ts");
    const ports = { clock: nodeClock(), random: nodeRandom(), spans };
    await system.inspect((inspected) => openInspector({ ...inspected, workflows }, settings, ports));
  } catch (error) {
    await system.close();
    throw error;
  }
}
