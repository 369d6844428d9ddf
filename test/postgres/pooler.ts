/** A pgbouncer in front of a server, which gives a connection of it to each transaction. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { freePort, ordinaryUser } from "../../examples/credit/cells/postgres-server.ts";

export interface Pooler {
  readonly url: string;
  close(): Promise<void>;
}

/** `undefined` where pgbouncer isn't installed, which is said aloud. */
export async function newPooler(url: string): Promise<Pooler | undefined> {
  const places = ["/usr/sbin", ...(process.env["PATH"] ?? "").split(delimiter)];
  const program = places.map((place) => join(place, "pgbouncer")).find((file) => existsSync(file));
  if (program === undefined) {
    process.stderr.write(
      "\nSKIPPED: the journal in PostgreSQL behind a pooler, as pgbouncer isn't installed (Debian: apt-get install pgbouncer).\n\n",
    );
    return undefined;
  }
  const directory = mkdtempSync(join(tmpdir(), "troupe-pgbouncer-"));
  const user = ordinaryUser();
  if (user.uid !== undefined && user.gid !== undefined) chownSync(directory, user.uid, user.gid);
  const { hostname, port, pathname, username } = new URL(url);
  const ownPort = await freePort();
  writeFileSync(join(directory, "users"), `"${username}" ""\n`);
  writeFileSync(
    join(directory, "pgbouncer.ini"),
    `[databases]
* = host=${hostname} port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${ownPort}
unix_socket_dir =
auth_type = trust
auth_file = ${join(directory, "users")}
pool_mode = transaction
default_pool_size = 20
`,
  );
  const child: ChildProcess = spawn(program, [join(directory, "pgbouncer.ini")], {
    ...user,
    cwd: directory,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const gone = once(child, "exit");
  await ready(child);
  return {
    url: `postgres://${username}@127.0.0.1:${ownPort}${pathname}`,
    close: async () => {
      child.kill("SIGKILL");
      await gone;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function ready({ stderr }: ChildProcess): Promise<void> {
  if (stderr === null) return;
  const said: string[] = [];
  for await (const line of createInterface({ input: stderr })) {
    said.push(line);
    if (line.includes("process up")) {
      stderr.resume();
      return;
    }
  }
  throw new Error(`pgbouncer ended:\n${said.join("\n")}`);
}
