/** A host on a worker thread: how it is reached, and how it ended. */

import * as module from "node:module";
import { dirname } from "node:path";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import type { HostId } from "../../actors/address.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { Link } from "../../ports/link.ts";
import type { ThreadExit } from "../../ports/threads.ts";
import { type RemoteControl, remoteControl } from "./control-channel.ts";
import { type Heartbeat, newHeartbeat } from "./heartbeat.ts";
import type { HostThread } from "./host-threads.ts";
import { readExitReport } from "./exit-report.ts";
import { nodeLink } from "../platform/node-link.ts";
import { threadDied } from "./thread-death.ts";
import type { ThreadTask } from "./thread-entry.ts";
import { threadFiles } from "./thread-files.ts";
import type { HostedBy, WorkerSource } from "./worker-source.ts";

export class PooledThread implements HostThread {
  readonly id: HostId;
  readonly control: HostThread["control"];
  readonly link: Link;
  readonly exit: Promise<ThreadExit>;
  readonly heartbeat: Heartbeat = newHeartbeat();
  readonly connect: RemoteControl["connect"];
  readonly #hosted: HostedBy;
  readonly #killer = new AbortController();
  #released: Promise<void> | undefined;

  constructor(workers: WorkerSource, task: Pick<ThreadTask, "settings" | "beatInterval">) {
    this.id = task.settings.id;
    const link = new MessageChannel();
    const control = new MessageChannel();
    const words = new MessageChannel();
    this.link = nodeLink(link.port1);
    this.#hosted = workers({
      ...task,
      entry: threadFiles().entry,
      compileCache: compileCache(),
      link: link.port2,
      control: control.port2,
      words: words.port2,
      heartbeat: this.heartbeat,
    });
    this.exit = this.#ended(words.port1).finally(() => this.link.drain()); // what the thread had sent is handled before its end is reported
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
    this.#killer.abort(
      reason ?? new TroupeError("thread-died", `thread ${this.id} was killed`, { details: { thread: this.id } }),
    );
    this.#hosted.killed();
    await this.exit;
  }

  /** Ends the thread for this reason. A thread in a native call ends when that call returns, and runs no code before. */
  end(reason: Error): void {
    this.#killer.abort(reason);
    this.#hosted.terminate();
  }

  /** Resolves when the worker is gone, unless it was killed: then its end is not awaited. */
  release(): Promise<void> {
    this.#released ??= this.#hosted.release();
    return this.#released;
  }

  /** Resolves when the host has ended, by the first report of that: the first one says the most. */
  #ended(words: MessagePort): Promise<ThreadExit> {
    const { id } = this;
    const { signal } = this.#killer;
    const { worker, run } = this.#hosted;
    return new Promise((resolve) => {
      const died = (error: unknown): void => resolve({ kind: "died", error });
      signal.addEventListener("abort", () => died(signal.reason));
      const failed = (thrown: unknown): void => died(threadDied(id, { thrown }, readExitReport(words)));
      const exited = (): void => died(threadDied(id, undefined, readExitReport(words)));
      worker?.once("error", failed);
      worker?.once("exit", exited);
      // the task's end alone would not tell a thrown null from a host that was closed
      run.then(
        () => {
          worker?.off("error", failed).off("exit", exited);
          resolve({ kind: "closed" });
        },
        (thrown: unknown) => died(threadDied(id, { thrown }, undefined)),
      );
    });
  }
}

function ignore(): void {}

/** The folder that the process has given to V8's compile cache; `undefined` for none, as before Node.js 22.8. */
function compileCache(): string | undefined {
  const folder = (module as { readonly getCompileCacheDir?: () => string | undefined }).getCompileCacheDir?.();
  return folder && dirname(folder); // below it, each version of Node.js has its own
}
