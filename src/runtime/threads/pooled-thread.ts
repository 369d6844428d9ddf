/**
 * One worker thread with a host on it: how it is reached, and how it ended. Piscina owns the worker, and runs one task on it
 * for as long as the host lives. Each worker has a pool of its own, so that each error of a pool is an error of that worker:
 * in a pool of several workers, an error before or after a task could be that of any of them.
 */

import * as module from "node:module";
import { dirname } from "node:path";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { Piscina } from "piscina";
import type { HostId } from "../../actors/address.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { Link } from "../../ports/link.ts";
import type { ThreadExit } from "../../ports/threads.ts";
import { type RemoteControl, remoteControl } from "./control-channel.ts";
import { type Heartbeat, newHeartbeat } from "./heartbeat.ts";
import type { HostThread } from "./host-threads.ts";
import { readExitReport } from "./exit-report.ts";
import { nodeLink } from "../platform/node-link.ts";
import type { ResourceLimits } from "./resource-limits.ts";
import { threadDied } from "./thread-death.ts";
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

export class PooledThread implements HostThread {
  readonly id: HostId;
  readonly control: HostThread["control"];
  readonly link: Link;
  readonly exit: Promise<ThreadExit>;
  readonly heartbeat: Heartbeat = newHeartbeat();
  readonly connect: RemoteControl["connect"];
  readonly #pool: Piscina;
  readonly #killer = new AbortController();
  #released: Promise<void> | undefined;

  constructor(worker: WorkerOptions, task: Pick<ThreadTask, "settings" | "beatInterval">) {
    this.id = task.settings.id;
    this.#pool = poolOfOne(worker);
    const link = new MessageChannel();
    const control = new MessageChannel();
    const words = new MessageChannel();
    this.link = nodeLink(link.port1);
    this.exit = this.#run(
      {
        ...task,
        entry: threadFiles().entry,
        compileCache: compileCache(),
        link: link.port2,
        control: control.port2,
        words: words.port2,
        heartbeat: this.heartbeat,
      },
      words.port1,
    ).finally(() => this.link.drain()); // what the thread had sent is handled before its end is reported
    const ended = this.exit.then((reason): never => {
      for (const port of [control.port1, words.port1]) port.close();
      this.link.close();
      throw reason.kind === "died" ? reason.error : new TroupeError("thread-died", `thread ${this.id} was closed`);
    });
    ended.catch(ignore); // rejects the pending calls; with none pending, the exit itself is watched
    const { connect, ...calls } = remoteControl(control.port1, ended);
    this.control = calls;
    this.connect = connect;
  }

  async kill(reason?: Error): Promise<void> {
    this.end(
      reason ?? new TroupeError("thread-died", `thread ${this.id} was killed`, { details: { thread: this.id } }),
    );
    await this.exit;
  }

  /** Ends the thread for this reason. A thread in a native call ends when that call returns, and runs no code before. */
  end(reason: Error): void {
    this.#killer.abort(reason);
  }

  /** Resolves when the worker is gone, unless it was killed: then its end is not awaited. */
  release(): Promise<void> {
    this.#released ??= this.#pool.destroy();
    return this.#released;
  }

  /** Lets the pool run the host. Resolves when the host has ended, by the first report of that: the first one says the most. */
  #run(task: ThreadTask, words: MessagePort): Promise<ThreadExit> {
    const { id } = this;
    const { signal } = this.#killer;
    this.#pool.on("error", ignore); // heard from the worker below; without a listener here, it would end the process
    const run = this.#pool.run(task, { transferList: [task.link, task.control, task.words], signal });
    const [worker] = this.#pool.threads;
    return new Promise((resolve) => {
      const died = (error: unknown): void => resolve({ kind: "died", error });
      signal.addEventListener("abort", () => died(signal.reason));
      worker?.once("error", (thrown: unknown) => died(threadDied(id, { thrown }, readExitReport(words))));
      worker?.once("exit", () => died(threadDied(id, undefined, readExitReport(words))));
      // the task's end alone would not tell a thrown null from a host that was closed
      run.then(
        () => resolve({ kind: "closed" }),
        (thrown: unknown) => died(threadDied(id, { thrown }, undefined)),
      );
    });
  }
}

function poolOfOne({ env, resourceLimits, execArgv }: WorkerOptions): Piscina {
  return new Piscina({
    filename: threadFiles().bootstrap,
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: 0,
    atomics: "disabled", // a host waits in its event loop, not in Atomics.wait
    recordTiming: false,
    env: { ...env },
    resourceLimits,
    ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
  });
}

function ignore(): void {}

/** The folder that the process has given to V8's compile cache; `undefined` for none, as before Node.js 22.8. */
function compileCache(): string | undefined {
  const folder = (module as { readonly getCompileCacheDir?: () => string | undefined }).getCompileCacheDir?.();
  return folder && dirname(folder); // below it, each version of Node.js has its own
}
