/** What `createSystem` loads when it is called: the system, and the ports of Node.js. */

import { url as inspectorUrl } from "node:inspector";
import { moduleLoader } from "../definitions/definition-loader.ts";
import { patientLoader } from "../definitions/patient-loader.ts";
import { nodeClock } from "../platform/node-clock.ts";
import { nodeRandom } from "../platform/node-random.ts";
import { nodeSignals } from "../platform/node-signals.ts";
import { nodeVitals } from "../platform/node-vitals.ts";
import { nodeTurns } from "../platform/node-turns.ts";
import { shutdownOnSignal } from "./shutdown-on-signal.ts";
import type { SpanMemory } from "../../inspector/source/span-memory.ts";
import { usualSample } from "./telemetry-options.ts";
import type { TelemetrySettings } from "../telemetry/trace-collector.ts";
import { ActorSystem } from "./actor-system.ts";
import type { System } from "./system.ts";
import { type ResolvedOptions, resolveOptions, type SystemOptions } from "./system-options.ts";
import { threadPool } from "../threads/thread-pool.ts";

/** Milliseconds until spans are sent that no message took along: soon enough to look at, and seldom enough to cost nothing. */
const sendWithin = 200;

/** An actor handles this many messages before the other actors of its thread get their turn. */
const messagesPerTurn = 64;

/** @throws TroupeError (as a rejection), those of `createSystem`. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const resolved = await resolveOptions(options);
  const spans = resolved.inspector && new (await import("../../inspector/source/span-memory.ts")).SpanMemory();
  const clock = nodeClock();
  const starting = ActorSystem.start(
    {
      system: {},
      clock,
      random: nodeRandom(),
      turns: nodeTurns(),
      vitals: nodeVitals,
      threads: threadPool({
        clock,
        env: pick(process.env, resolved.env),
        resourceLimits: resolved.resourceLimits,
        stallTimeout: resolved.stallTimeout,
        isDebugged: () => inspectorUrl() !== undefined,
      }),
      load: patientLoader(
        moduleLoader((url) => import(url) as Promise<object>),
        clock,
        resolved.loadTimeout,
      ),
      messagesPerTurn,
      tracing: { seed: nodeRandom().id(), sendWithin },
    },
    spans === undefined ? resolved : { ...resolved, telemetry: withLive(resolved.telemetry, spans) },
  );
  if (spans !== undefined) await withInspector(await starting, resolved, spans);
  if (resolved.shutdownOn.length > 0) shutdownOnSignal(starting, resolved.shutdownOn, nodeSignals());
  return starting;
}

/** What the inspector shows of the inside of agents is recorded for it. */
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

function pick(env: NodeJS.ProcessEnv, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}
