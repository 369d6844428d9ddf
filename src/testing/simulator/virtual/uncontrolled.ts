/** What a simulation can't decide, such as `fetch`: a call of it ends the run, with an error that says where it was made. */

import childProcess from "node:child_process";
import nodeCrypto from "node:crypto";
import dgram from "node:dgram";
import dns from "node:dns";
import fs from "node:fs";
import { createRequire } from "node:module";
import net from "node:net";
import zlib from "node:zlib";
import { TroupeError } from "../../../errors/troupe-error.ts";
import { callers, outerCallers } from "./place-in-code.ts";
import type { RunNow, SourcesOfRun, StandIn } from "./sources-of-run.ts";

type AnyFunction = (...given: unknown[]) => unknown;

/** A function that a simulation can't decide. Errors call it by `name`. */
interface Source {
  readonly holder: object;
  readonly key: string;
  readonly name: string;
  /** Whether code calls it through other functions of Node.js, so that the caller's lines are below theirs in the stack. */
  readonly isInner?: boolean;
}

/** So many lines of a stack are told. */
const most = 6;

export function uncontrolledStandIns(run: RunNow): StandIn[] {
  return sources().flatMap(({ holder, key, name, isInner = false }) => {
    const real: unknown = Reflect.get(holder, key);
    return typeof real === "function"
      ? [{ holder, key, real, value: reporting(run, { name, isInner }, real as AnyFunction) }]
      : [];
  });
}

function sources(): Source[] {
  const global = (key: string): Source => ({ holder: globalThis, key, name: key });
  const of = (name: string, holder: object, keys: readonly string[]): Source[] =>
    keys.map((key) => ({ holder, key, name: `${name}.${key}` }));
  const threads = createRequire(import.meta.url)("node:worker_threads") as object;
  const subtle = Object.getPrototypeOf(globalThis.crypto.subtle) as object;
  return [
    ...["fetch", "WebSocket", "EventSource", "MessageChannel", "BroadcastChannel"].map(global),
    ...of("fs", fs, [...asynchronous(fs), "createReadStream", "createWriteStream", "watch", "watchFile"]),
    ...of("fs.promises", fs.promises, functionsOf(fs.promises)),
    ...of("dns", dns, functionsOf(dns).filter(isLookUp)),
    ...of("dns.promises", dns.promises, functionsOf(dns.promises).filter(isLookUp)),
    ...of("crypto.subtle", subtle, functionsOf(subtle)),
    ...of(
      "crypto",
      nodeCrypto,
      asynchronous(nodeCrypto).filter((key) => key !== "randomFill"),
    ),
    ...of("zlib", zlib, asynchronous(zlib)),
    { holder: net.Socket.prototype, key: "connect", name: "a connection to a server", isInner: true },
    { holder: net.Server.prototype, key: "listen", name: "a server that listens", isInner: true },
    { holder: dgram.Socket.prototype, key: "bind", name: "a socket", isInner: true },
    { holder: dgram.Socket.prototype, key: "send", name: "a socket" },
    { holder: childProcess.ChildProcess.prototype, key: "spawn", name: "a child process", isInner: true },
    { holder: threads, key: "Worker", name: "a worker thread" },
  ];
}

/** The functions that have a synchronous form too, as `readFile` has `readFileSync`. */
function asynchronous(module: object): string[] {
  return functionsOf(module).filter((key) => `${key}Sync` in module);
}

function functionsOf(holder: object): string[] {
  return Object.getOwnPropertyNames(holder).filter((key) => {
    const { value } = Object.getOwnPropertyDescriptor(holder, key) as { value?: unknown };
    return typeof value === "function" && key !== "constructor" && !/^[A-Z]/.test(key);
  });
}

function isLookUp(name: string): boolean {
  return /^(?:lookup|resolve|reverse)/.test(name);
}

/** The same function, but a call of it in a run throws, and has the run fail. */
function reporting(run: RunNow, { name, isInner }: { name: string; isInner: boolean }, real: AnyFunction): AnyFunction {
  const report = (): void => {
    const now = run();
    if (now?.timers === undefined) return;
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 50;
    const { stack = "" } = new Error(name);
    Error.stackTraceLimit = limit;
    const error = uncontrolled(now, name, isInner ? outerCallers(stack) : callers(stack));
    if (error === undefined) return;
    now.onUncontrolled(error);
    throw error;
  };
  return new Proxy(real, {
    apply(target, self, given) {
      report();
      return Reflect.apply(target, self, given);
    },
    construct(target, given, by) {
      report();
      return Reflect.construct(target, given, by) as object;
    },
  });
}

/** The error of a call; undefined where it was not made by the code that is simulated. */
export function uncontrolled(
  { where }: Pick<SourcesOfRun, "where">,
  name: string,
  lines: readonly string[],
): TroupeError<"uncontrolled-source"> | undefined {
  if (lines.length === 0) return undefined;
  return new TroupeError(
    "uncontrolled-source",
    `the simulation doesn't decide what ${name} does, nor when, and it was called ${where()}:\n${lines.slice(0, most).join("\n")}`,
    { details: { source: name } },
  );
}
