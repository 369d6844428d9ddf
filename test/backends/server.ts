/** A server that a test starts, on a port that is free, and ends. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface ServerOptions {
  readonly program: string;
  readonly arguments: (port: number) => readonly string[];
  readonly environment: (port: number) => Readonly<Record<string, string>>;
  /** What answers with 200 as soon as the server can be used. */
  readonly health: string;
  /** It may write there. */
  readonly folder: string;
}

export interface Server {
  readonly url: string;
  stop(): Promise<void>;
}

/** How long a server may take to start on a machine that is busy, in milliseconds. */
const mostPatience = 600_000;

/** Resolves when the server answers. Throws with its output if it ends before. */
export async function startServer({ program, folder, health, ...options }: ServerOptions): Promise<Server> {
  const port = await freePort();
  const log = join(folder, "server.log");
  const child = spawn(program, options.arguments(port), {
    cwd: folder,
    env: { ...process.env, ...options.environment(port) },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // it has children of its own
  });
  for (const stream of [child.stdout, child.stderr]) stream.pipe(createWriteStream(log, { flags: "a" }));
  const gone = once(child, "exit");
  const url = `http://127.0.0.1:${port}`;
  const until = Date.now() + mostPatience;
  while (!(await answers(`${url}${health}`))) {
    if (child.exitCode !== null || Date.now() > until) {
      throw new Error(`${program} can't be used: exit code ${child.exitCode}\n${readFileSync(log, "utf8")}`);
    }
    await sleep(250); // a server that starts tells of it by answering
  }
  return {
    url,
    async stop() {
      if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      await gone;
    },
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(10_000) })).ok;
  } catch {
    return false; // it doesn't listen yet
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
