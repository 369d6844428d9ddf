/** What a worker thread runs: a thread host on the ports of this platform. */

import { takeCoverage } from "node:v8";
import type { MessagePort } from "node:worker_threads";
import { serveControl } from "./control-channel.ts";
import { moduleLoader } from "../definitions/definition-loader.ts";
import { patientLoader } from "../definitions/patient-loader.ts";
import { beatOf, type Heartbeat, keepBeating } from "./heartbeat.ts";
import { leaveExitReport } from "./exit-report.ts";
import { nodeClock } from "../platform/node-clock.ts";
import { nodeLink } from "../platform/node-link.ts";
import { nodeRandom } from "../platform/node-random.ts";
import { nodeTurns } from "../platform/node-turns.ts";
import { nodeVitals } from "../platform/node-vitals.ts";
import type { HostSettings } from "../host/host-settings.ts";
import type { HostControl } from "../host/host-control.ts";
import { startWorkerHost } from "../host/worker-host.ts";
import { threadMark } from "./thread-mark.ts";

/** What the pool hands to a new thread. */
export interface ThreadTask {
  /** The URL of this module. */
  readonly entry: string;
  /** The folder of the compile cache that the process has; the thread has it, too. */
  readonly compileCache: string | undefined;
  readonly settings: HostSettings;
  /** The link to the host that made the system. */
  readonly link: MessagePort;
  readonly control: MessagePort;
  /** Where the thread says why it ends. */
  readonly words: MessagePort;
  readonly heartbeat: Heartbeat;
  /** Milliseconds; Infinity when the heartbeat is not watched. */
  readonly beatInterval: number;
}

/** Runs a host until it is closed. */
export async function runThread(task: ThreadTask, importModule: (url: string) => Promise<object>): Promise<void> {
  Reflect.set(globalThis, threadMark, task.settings.id);
  const turns = nodeTurns();
  const forgetReport = leaveExitReport(task.words, turns);
  const clock = nodeClock();
  const beat = beatOf(task.heartbeat);
  const { control, closed } = startWorkerHost({
    settings: task.settings,
    system: {}, // a thread has hosts of one system only
    clock,
    beat,
    vitals: task.settings.isMeasured === true ? nodeVitals() : undefined,
    watch: nodeVitals,
    random: nodeRandom(),
    turns,
    link: nodeLink(task.link),
    load: patientLoader(moduleLoader(importModule), clock, task.settings.loadTimeout),
  });
  if (task.beatInterval < Number.POSITIVE_INFINITY) keepBeating(clock, task.beatInterval, beat);
  const endpoint = serveControl(
    task.control,
    process.env["NODE_V8_COVERAGE"] === undefined ? control : measured(control),
  );
  const isLeft = await Promise.race([closed.then(() => false), portClosed(task.control)]);
  if (isLeft) await control.stopActors(); // it was given up: what is at work here is of no use any more
  endpoint.close();
  forgetReport();
}

/** Resolves when the other end of a port was closed. */
function portClosed(port: MessagePort): Promise<true> {
  return new Promise((resolve) => port.once("close", () => resolve(true)));
}

/** Node.js writes what code was covered when a thread ends by itself. This one is terminated once it says that it is closed. */
function measured(control: HostControl): HostControl {
  return {
    ...control,
    async close() {
      await control.close();
      takeCoverage();
    },
  };
}
