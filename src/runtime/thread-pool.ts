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
  const execArgv = threadArguments(process.execArgv);
  const pool = new Piscina({
    filename: new URL("./thread-bootstrap.mjs", import.meta.url).href,
    minThreads: 0,
    maxThreads,
    idleTimeout: 0,
    atomics: "disabled", // a host waits in its event loop, not in Atomics.wait
    recordTiming: false,
    env: { ...env },
    ...(execArgv === undefined ? {} : { execArgv }),
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

/** Arguments of Node.js that concern how modules are found and run, and have a value after them. */
const moduleArguments = /^(--(import|require|loader|experimental-loader|conditions)|-[rC])$/;
/** The same, in one. */
const moduleFlags =
  /^--((import|require|loader|experimental-loader|conditions)=|experimental-|enable-source-maps|preserve-symlinks|(no|disable)-warning)/;

/**
 * The arguments of Node.js that threads get, or `undefined` for those of the process. tsx's loader takes twice the time to
 * start when it is given there; a thread registers it by itself when it has TypeScript to load. Without the loader only
 * some arguments can be given: threads refuse to start with those of V8 and of the process, such as --max-old-space-size.
 */
function threadArguments(execArgv: readonly string[]): string[] | undefined {
  const isLoader = (text: string | undefined): boolean => /(^|[\\/=])tsx([\\/]|$)/.test(text ?? "");
  if (!execArgv.some(isLoader)) return undefined;
  const kept: string[] = [];
  for (let i = 0; i < execArgv.length; i++) {
    const argument = execArgv[i] as string;
    if (moduleArguments.test(argument)) {
      const value = execArgv[++i];
      if (value !== undefined && !isLoader(value)) kept.push(argument, value);
    } else if (moduleFlags.test(argument) && !isLoader(argument)) kept.push(argument);
  }
  return kept;
}
