/** The ports of Node.js. */

import { url as inspectorUrl } from "node:inspector";
import { moduleLoader } from "../definitions/definition-loader.ts";
import { patientLoader } from "../definitions/patient-loader.ts";
import { nodeClock } from "../platform/node-clock.ts";
import { nodeRandom } from "../platform/node-random.ts";
import { nodeTurns } from "../platform/node-turns.ts";
import { nodeVitals } from "../platform/node-vitals.ts";
import { sharedWorkers, threadPool } from "../threads/thread-pool.ts";
import type { SharedWorkers, WorkerSource } from "../threads/worker-source.ts";
import type { Platform } from "./platform.ts";
import type { SettledOptions } from "./system-options.ts";

/** Milliseconds until spans are sent that no message took along: soon enough to look at, and seldom enough to cost nothing. */
const sendWithin = 200;

/** An actor handles this many messages before the other actors of its thread get their turn. */
const messagesPerTurn = 64;

/** Worker threads for the hosts of several systems. */
export function nodeWorkers({ env, resourceLimits }: SettledOptions, count: number): SharedWorkers {
  return sharedWorkers({ env: pick(process.env, env), resourceLimits }, count);
}

/** @param workers where the system's hosts get their threads. Default: each has one of its own. */
export function nodePlatform(
  { env, resourceLimits, stallTimeout, loadTimeout }: SettledOptions,
  workers?: WorkerSource,
): Platform {
  const clock = nodeClock();
  return {
    system: {},
    clock,
    random: nodeRandom(),
    turns: nodeTurns(),
    vitals: nodeVitals,
    threads: threadPool(
      {
        clock,
        env: pick(process.env, env),
        resourceLimits,
        stallTimeout,
        isDebugged: () => inspectorUrl() !== undefined,
      },
      workers,
    ),
    load: patientLoader(
      moduleLoader((url) => import(url) as Promise<object>),
      clock,
      loadTimeout,
    ),
    messagesPerTurn,
    tracing: { seed: nodeRandom().id(), sendWithin },
  };
}

function pick(env: NodeJS.ProcessEnv, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}
