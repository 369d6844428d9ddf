/** Starts a system on the ports of Node.js. */

import { url as inspectorUrl } from "node:inspector";
import { TroupeError } from "../../errors/troupe-error.ts";
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
import type { ActorSystem } from "./actor-system.ts";
import type { System } from "./system.ts";
import { type ResolvedOptions, resolveOptions, type SystemOptions } from "./system-options.ts";
import { threadMark } from "../threads/thread-entry.ts";
import { checkThreadFiles } from "../threads/thread-files.ts";

/** Milliseconds until spans are sent that no message took along: soon enough to look at, and seldom enough to cost nothing. */
const sendWithin = 200;

/** An actor handles this many messages before the other actors of its thread get their turn. */
const messagesPerTurn = 64;

/**
 * Starts a system: its threads, their links, its store.
 *
 * Guarantees: when it resolves, every pooled thread answers; agents' threads see an empty `process.env` but for the
 * variables named in `env`, and those of the tools that the process runs under; `close()` leaves no handle open.
 *
 * @throws TroupeError (as a rejection) `invalid-options` that names the option, or says that the package itself was bundled;
 * `thread-died` when a thread can't start; `no-such-run` for a run that `recover` names; whatever the promise of a journal
 * rejects with; whatever `setup` throws.
 * @example
 * await using system = await createSystem({ threads: 2 });
 * const ref = await system.spawn(counter);
 * await ref.tell("add", { by: 2 });
 * @since 0.1.0
 */
export async function createSystem(options: SystemOptions = {}): Promise<System> {
  if (Reflect.has(globalThis, threadMark)) {
    throw new TroupeError(
      "invalid-options",
      "createSystem was called on a thread of a system: a module with definitions is loaded there as well. Start the system in a module of its own; for a bundler, make each of the two an entry point, with splitting.",
    );
  }
  checkThreadFiles(); // before piscina is imported, which can't be loaded from a bundle either
  const resolved = await resolveOptions(options);
  // Threads import this module too, since modules of definitions do. They use neither of these, and start faster without.
  const [{ ActorSystem: Actors }, { threadPool }] = await Promise.all([
    import("./actor-system.ts"),
    import("../threads/thread-pool.ts"),
  ]);
  const spans = resolved.inspector && new (await import("../../inspector/source/span-memory.ts")).SpanMemory();
  const clock = nodeClock();
  const starting = Actors.start(
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
