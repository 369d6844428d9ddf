/** The worker threads of this platform, and the watchdog over them. */

import { MessageChannel } from "node:worker_threads";
import type { Clock } from "../../ports/clock.ts";
import type { Threads } from "../../ports/threads.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { beatInterval } from "./heartbeat.ts";
import type { HostThread } from "./host-threads.ts";
import { PooledThread } from "./pooled-thread.ts";
import type { ResourceLimits } from "./resource-limits.ts";
import { threadArguments } from "./thread-arguments.ts";
import { ownWorkers, SharedWorkers, type WorkerOptions, type WorkerSource } from "./worker-source.ts";
import { threadStalled } from "./thread-death.ts";
import type { HostSettings } from "../host/host-settings.ts";
import { Watchdog } from "./watchdog.ts";

export interface ThreadPoolOptions {
  readonly clock: Clock;
  /** The environment that agents see. */
  readonly env: Readonly<Record<string, string>>;
  readonly resourceLimits: ResourceLimits;
  /** Milliseconds that a thread may stand still before it is killed. */
  readonly stallTimeout: number;
  /** True while a debugger may hold threads. */
  readonly isDebugged: () => boolean;
}

/** Workers that several pools may share. */
export function sharedWorkers(
  options: Pick<ThreadPoolOptions, "env" | "resourceLimits">,
  count: number,
): SharedWorkers {
  return new SharedWorkers(workerOptions(options), count);
}

/** @param workers where its hosts get their workers. Default: each has one of its own. */
export function threadPool(
  options: ThreadPoolOptions,
  workers: WorkerSource = ownWorkers(workerOptions(options)),
): Threads<HostSettings, HostThread["control"]> {
  const { clock, stallTimeout, isDebugged } = options;
  const watchdog = new Watchdog({ clock, stallTimeout, isExcused: isDebugged });
  const threads = new Set<PooledThread>();
  const byControl = new WeakMap<HostThread["control"], PooledThread>();

  return {
    async open(settings) {
      const { id } = settings;
      const thread = new PooledThread(workers, { settings, beatInterval: beatInterval(stallTimeout) });
      threads.add(thread);
      watchdog.watch(id, thread.heartbeat, (stillFor) => thread.end(threadStalled(id, stillFor, stallTimeout)));
      void thread.exit.then(async () => {
        watchdog.forget(id);
        await thread.release();
        threads.delete(thread);
      });
      byControl.set(thread.control, thread);
      await thread.control.stats(); // the host answers: it is up
      return thread;
    },
    async connect(a, b) {
      const one = byControl.get(a.control);
      const other = byControl.get(b.control);
      if (one === undefined || other === undefined)
        throw new TroupeError("no-such-thread", "only threads of one pool can be connected");
      const { port1, port2 } = new MessageChannel();
      await Promise.all([one.connect(other.id, port1), other.connect(one.id, port2)]);
    },
    async close() {
      await Promise.all([...threads].map((thread) => thread.release()));
    },
  };
}

function workerOptions({ env, resourceLimits }: Pick<ThreadPoolOptions, "env" | "resourceLimits">): WorkerOptions {
  return { env: { ...ofTools(), ...env }, resourceLimits, execArgv: threadArguments(process.execArgv) };
}

/**
 * What tools that the process runs under say by variables, which holds for its threads as well: that code is measured, and by which
 * configuration tsx resolves modules.
 */
function ofTools(): Record<string, string> {
  const { NODE_V8_COVERAGE, TSX_TSCONFIG_PATH } = process.env;
  return {
    ...(NODE_V8_COVERAGE !== undefined && { NODE_V8_COVERAGE }),
    ...(TSX_TSCONFIG_PATH !== undefined && { TSX_TSCONFIG_PATH }),
  };
}
