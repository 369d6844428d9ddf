/** Worker threads, owned by piscina: each runs one task for as long as its host lives. */

import { MessageChannel } from "node:worker_threads";
import { Piscina } from "piscina";
import type { Threads, ThreadExit } from "../ports/threads.ts";
import { TroupeError } from "../errors/troupe-error.ts";
import { remoteControl, type RemoteControl } from "./control-channel.ts";
import { nodeLink } from "./node-link.ts";
import type { ThreadTask } from "./thread-entry.ts";
import type { HostSettings } from "./thread-host.ts";
import type { HostThread } from "./host-threads.ts";

export interface ThreadPoolOptions {
  /** The environment that agents see. */
  readonly env: Readonly<Record<string, string>>;
}

/** Far above what a machine has use for; the system bounds its threads itself. */
const maxThreads = 1024;

export function threadPool({ env }: ThreadPoolOptions): Threads<HostSettings, HostThread["control"]> {
  const entry = new URL(import.meta.url.endsWith(".ts") ? "./thread-entry.ts" : "./thread-entry.js", import.meta.url)
    .href;
  const pool = new Piscina({
    filename: new URL("./thread-bootstrap.mjs", import.meta.url).href,
    minThreads: 0,
    maxThreads,
    idleTimeout: 0,
    atomics: "disabled", // a host waits in its event loop, not in Atomics.wait
    recordTiming: false,
    env: { ...env },
    execArgv: threadArguments(process.execArgv),
  });
  const controls = new WeakMap<HostThread["control"], { id: number; remote: RemoteControl }>();

  return {
    async open(settings) {
      const link = new MessageChannel();
      const control = new MessageChannel();
      const killer = new AbortController();
      const task: ThreadTask = { entry, settings, link: link.port2, control: control.port2 };
      const run = pool.run(task, { transferList: [link.port2, control.port2], signal: killer.signal }) as Promise<void>;
      const ownLink = nodeLink(link.port1);
      const exit = run
        .then(
          (): ThreadExit => ({ kind: "closed" }),
          (cause: unknown): ThreadExit => ({ kind: "died", error: threadDied(settings.id, cause) }),
        )
        .finally(() => ownLink.drain()); // before anybody hears of the end: what the thread had sent comes first
      const ended = exit.then((reason): never => {
        ownLink.close();
        control.port1.close();
        throw reason.kind === "died"
          ? reason.error
          : new TroupeError("thread-died", `thread ${settings.id} was closed`);
      });
      ended.catch(ignoreUnlessAwaited);
      const remote = remoteControl(control.port1, ended);
      const { connect: _, ...calls } = remote;
      await remote.stats(); // the host answers: it is up
      const thread: HostThread = {
        control: calls,
        link: ownLink,
        exit,
        kill: async () => {
          killer.abort();
          await exit;
        },
      };
      controls.set(thread.control, { id: settings.id, remote });
      return thread;
    },
    async connect(a, b) {
      const one = controls.get(a.control);
      const other = controls.get(b.control);
      if (one === undefined || other === undefined)
        throw new TroupeError("no-such-thread", "only threads of one pool can be connected");
      const { port1, port2 } = new MessageChannel();
      await Promise.all([one.remote.connect(other.id, port1), other.remote.connect(one.id, port2)]);
    },
    close: () => pool.destroy(),
  };
}

/** The rejection reaches whoever has a call pending; with none pending, the exit itself is what the system watches. */
function ignoreUnlessAwaited(): void {
  return undefined;
}

function threadDied(thread: number, cause: unknown): TroupeError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new TroupeError("thread-died", `thread ${thread} died: ${why}`, { cause, details: { thread } });
}

/**
 * The arguments of Node.js that threads get as well: all but tsx's loader, which takes twice the time to start when it is
 * given there. A thread registers it by itself when it has TypeScript to load.
 */
function threadArguments(execArgv: readonly string[]): string[] {
  return execArgv.filter((argument, index) => {
    const isLoader = (text: string | undefined): boolean => /[\\/]tsx[\\/]/.test(text ?? "");
    const takesLoader = /^--(import|require|loader)$/.test(argument) && isLoader(execArgv[index + 1]);
    return !takesLoader && !isLoader(argument);
  });
}
