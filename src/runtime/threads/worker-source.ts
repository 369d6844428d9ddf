/** Where a host gets its worker thread: one of its own, or one that it shares with the hosts of other systems. */

import { Piscina } from "piscina";
import type { ResourceLimits } from "./resource-limits.ts";
import type { ThreadTask } from "./thread-entry.ts";
import { threadFiles } from "./thread-files.ts";

/** What each worker of a system is started with. */
export interface WorkerOptions {
  /** The environment that agents see. */
  readonly env: Readonly<Record<string, string>>;
  readonly resourceLimits: ResourceLimits;
  /** Arguments of Node.js; `undefined` for those of the process. */
  readonly execArgv: readonly string[] | undefined;
}

/** A worker that runs a host. */
export interface HostedBy {
  readonly worker: Piscina["threads"][number] | undefined;
  /** Resolves when the host has ended; rejects as piscina does where the worker dies. */
  readonly run: Promise<unknown>;
  /** The host was killed; the worker goes on where other hosts are on it. */
  killed(): void;
  /** The worker stood still, and is terminated, with all hosts on it. */
  terminate(): void;
  /** Resolves when what was held for the host is released. */
  release(): Promise<void>;
}

export type WorkerSource = (task: ThreadTask) => HostedBy;

/**
 * A worker for each host. Each has a pool of its own, so that each error of a pool is an error of that worker: in a pool of several workers, an error
 * before or after a task could be that of any of them.
 */
export function ownWorkers(options: WorkerOptions): WorkerSource {
  return (task) => {
    const pool = poolOfOne(options, 1);
    const killer = new AbortController();
    const end = (): void => killer.abort();
    const run = runOn(pool, task, killer.signal);
    return { worker: pool.threads[0], run, killed: end, terminate: end, release: () => pool.destroy() };
  };
}

/** How many hosts a shared worker may have: more than there are cells. */
const mostHosts = 10_000;

/** So many workers for the hosts of all systems that are given this source. A host goes to the one that has the fewest. */
export class SharedWorkers {
  readonly #options: WorkerOptions;
  readonly #pools = new Map<Piscina, number>();
  readonly #most: number;

  constructor(options: WorkerOptions, count: number) {
    this.#options = options;
    this.#most = count;
  }

  readonly source: WorkerSource = (task) => {
    const pool = this.#leastLoaded();
    this.#count(pool, 1);
    const run = runOn(pool, task);
    const [worker] = pool.threads;
    worker?.setMaxListeners(0); // two for each host
    worker?.once("exit", () => this.#forget(pool));
    return {
      worker,
      run: run.finally(() => this.#count(pool, -1)),
      killed: () => undefined, // its ports are closed, upon which it ends
      terminate: () => this.#forget(pool),
      release: async () => undefined,
    };
  };

  /** Ends all workers, once their hosts have ended. */
  async close(): Promise<void> {
    await Promise.all([...this.#pools.keys()].map(async (pool) => pool.destroy()));
    this.#pools.clear();
  }

  #leastLoaded(): Piscina {
    const [first] = [...this.#pools].sort(([, one], [, other]) => one - other);
    if (first !== undefined && (first[1] === 0 || this.#pools.size >= this.#most)) return first[0];
    const pool = poolOfOne(this.#options, mostHosts);
    this.#pools.set(pool, 0);
    return pool;
  }

  #count(pool: Piscina, by: number): void {
    const hosts = this.#pools.get(pool);
    if (hosts !== undefined) this.#pools.set(pool, hosts + by);
  }

  /** Its worker is gone, or is to be: the next host gets another one. */
  #forget(pool: Piscina): void {
    if (this.#pools.delete(pool)) void pool.destroy();
  }
}

/** Piscina owns the worker, and runs one task on it for as long as a host lives. */
async function runOn(pool: Piscina, task: ThreadTask, signal?: AbortSignal): Promise<unknown> {
  const transferList = [task.link, task.control, task.words];
  return pool.run(task, { transferList, ...(signal === undefined ? {} : { signal }) });
}

function poolOfOne({ env, resourceLimits, execArgv }: WorkerOptions, hosts: number): Piscina {
  const pool = new Piscina({
    filename: threadFiles().bootstrap,
    minThreads: 0,
    maxThreads: 1,
    concurrentTasksPerWorker: hosts,
    idleTimeout: hosts === 1 ? 0 : Number.POSITIVE_INFINITY,
    atomics: "disabled", // a host waits in its event loop, not in Atomics.wait
    recordTiming: false,
    env: { ...env },
    resourceLimits,
    ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
  });
  pool.on("error", () => undefined); // heard from the worker; without a listener here, it would end the process
  return pool;
}
