/** Sees what is begun outside of a simulation while a run goes on, also by functions that code had taken before it. */

import { createHook } from "node:async_hooks";
import type { TroupeError } from "../../../errors/troupe-error.ts";
import { outerCallers } from "./place-in-code.ts";
import { uncontrolled } from "./uncontrolled.ts";

/** What errors call each type of async resource. The types that are left out decide nothing, such as promises, or are only written to. */
const names: Readonly<Record<string, string>> = {
  Timeout: "a real timer",
  Immediate: "a real immediate",
  FSREQCALLBACK: "a file",
  FSREQPROMISE: "a file",
  FSEVENTWRAP: "a file that is watched",
  STATWATCHER: "a file that is watched",
  GETADDRINFOREQWRAP: "a look-up of an address",
  GETNAMEINFOREQWRAP: "a look-up of an address",
  QUERYWRAP: "a look-up of an address",
  TCPCONNECTWRAP: "a connection to a server",
  PIPECONNECTWRAP: "a connection to a server",
  TCPSERVERWRAP: "a server that listens",
  UDPSENDWRAP: "a socket",
  PROCESSWRAP: "a child process",
  WORKER: "a worker thread",
  MESSAGEPORT: "a message port",
  HASHREQUEST: "crypto.subtle",
  SIGNREQUEST: "crypto.subtle",
  CIPHERREQUEST: "crypto.subtle",
  DERIVEBITSREQUEST: "crypto.subtle",
  KEYGENREQUEST: "the making of a key",
  KEYPAIRGENREQUEST: "the making of a key",
  PBKDF2REQUEST: "crypto.pbkdf2",
  SCRYPTREQUEST: "crypto.scrypt",
  RANDOMBYTESREQUEST: "crypto.randomBytes with a callback",
  ZLIB: "zlib",
};

/** What a run is asked. */
interface Watched {
  readonly isInRun: () => boolean;
  readonly where: () => string;
}

export class OutsideWork {
  #watched: Watched | undefined;
  #found: TroupeError<"uncontrolled-source"> | undefined;
  readonly #hook = createHook({
    init: (_id, type) => {
      const name = names[type];
      if (name === undefined || this.#watched?.isInRun() !== true) return;
      const limit = Error.stackTraceLimit;
      Error.stackTraceLimit = 50;
      this.#found ??= uncontrolled(this.#watched, name, outerCallers(new Error(name).stack ?? ""));
      Error.stackTraceLimit = limit;
    },
  });

  /** The first that was begun. */
  get found(): TroupeError<"uncontrolled-source"> | undefined {
    return this.#found;
  }

  /** Watches a run until {@link OutsideWork.end}. */
  watch(watched: Watched): void {
    this.#watched = watched;
    this.#hook.enable();
  }

  end(): void {
    this.#hook.disable();
    this.#watched = undefined;
  }
}
