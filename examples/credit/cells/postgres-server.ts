/** A PostgreSQL of one's own: in a temporary directory, as an ordinary user, on a free port. */

import { execFileSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

export interface PostgresServer {
  readonly url: string;
  /** Stops it as a crash would, and starts it again. */
  restart(): void;
  /** Stops it as a crash would. */
  crash(): void;
  start(): void;
  /** Stops it and removes its directory. */
  remove(): void;
}

/** The directory of PostgreSQL's programs; `undefined` where it isn't installed. */
export function programs(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const places = [
    ...versions.map((version) => join(debian, version, "bin")),
    ...(process.env.PATH ?? "").split(delimiter),
  ];
  return places.find((place) => existsSync(join(place, "pg_ctl")) && existsSync(join(place, "initdb")));
}

/** Makes a server and starts it. @param settings lines of its configuration. */
export async function newServer(settings: Readonly<Record<string, string>> = {}): Promise<PostgresServer> {
  const bin = programs();
  if (bin === undefined) throw new Error("PostgreSQL isn't installed.");
  const directory = mkdtempSync(join(tmpdir(), "troupe-postgres-"));
  const data = join(directory, "data");
  const user = ordinaryUser();
  if (user.uid !== undefined && user.gid !== undefined) chownSync(directory, user.uid, user.gid);
  const run = (program: string, ...given: string[]): void =>
    void execFileSync(join(bin, program), given, { ...user, cwd: directory, stdio: ["ignore", "ignore", "pipe"] });
  const port = await freePort();
  const all = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: directory,
    max_connections: "200",
    ...settings,
  };
  const options = Object.entries(all).map(([name, value]) => `-c ${name}=${value}`);
  const start = (): void =>
    run("pg_ctl", "-D", data, "-w", "-s", "-l", join(directory, "log"), "-o", options.join(" "), "start");
  const crash = (): void => run("pg_ctl", "-D", data, "-w", "-s", "-m", "immediate", "stop");
  try {
    run("initdb", "-D", data, "-U", "troupe", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync");
    start();
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
  return {
    url: `postgres://troupe@127.0.0.1:${port}/postgres`,
    restart: () => {
      crash();
      start();
    },
    crash,
    start,
    remove: () => {
      if (existsSync(join(data, "postmaster.pid"))) crash();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Programs of PostgreSQL refuse to run as root. */
export function ordinaryUser(): { readonly uid?: number; readonly gid?: number } {
  return process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
