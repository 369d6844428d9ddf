/** NATS servers of one's own: in temporary directories, on free ports, one or several that replicate. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";

export interface NatsServers {
  readonly urls: readonly string[];
  readonly directory: string;
  /** Ends one by SIGKILL. */
  kill(server: number): Promise<void>;
  start(server: number): void;
  /** Which of them leads the stream's group; `undefined` while none does. */
  leaderOf(stream: string): Promise<number | undefined>;
  /** Resolves when they take commits. */
  ready(): Promise<void>;
  /** Ends all of them and removes their directories. */
  remove(): Promise<void>;
}

/** The path of the server's program, from `TROUPE_NATS_SERVER` or the path; `undefined` where it isn't installed. */
export function program(): string | undefined {
  const places = [
    process.env["TROUPE_NATS_SERVER"] ?? "",
    ...(process.env["PATH"] ?? "").split(delimiter).map((place) => join(place, "nats-server")),
  ];
  return places.find((place) => place !== "" && existsSync(place));
}

/** Makes servers that flush each write before they acknowledge it, and starts them. */
export async function newServers(count: 1 | 3): Promise<NatsServers> {
  const path = program();
  if (path === undefined) throw new Error("nats-server isn't installed.");
  const directory = mkdtempSync(join(tmpdir(), "troupe-nats-"));
  const ports = await freePorts(2 * count);
  const urls = ports.slice(0, count).map((port) => `nats://127.0.0.1:${port}`);
  const routes = ports.slice(count).map((port) => `nats://127.0.0.1:${port}`);
  const configurations = urls.map((_, i) => {
    const place = join(directory, `n${i}`);
    mkdirSync(place);
    const cluster = `cluster { name: troupe, listen: "127.0.0.1:${ports[count + i]}", routes: ${JSON.stringify(routes)} }`;
    const file = join(place, "server.conf");
    writeFileSync(
      file,
      [
        `server_name: n${i}`,
        `listen: "127.0.0.1:${ports[i]}"`,
        `log_file: "${join(place, "log")}"`,
        `jetstream { store_dir: "${join(place, "data")}", sync_interval: always }`,
        count === 1 ? "" : cluster,
      ].join("\n"),
    );
    return file;
  });
  const children: (ChildProcess | undefined)[] = [];
  const start = (i: number): void => {
    children[i] = spawn(path, ["-c", configurations[i] as string], { stdio: "ignore" });
  };
  const kill = async (i: number): Promise<void> => {
    const child = children[i];
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  };
  const managed = async <T>(use: (manager: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<T>): Promise<T> => {
    const connection = await connect({ servers: [...urls], timeout: 2_000 });
    try {
      return await use(await jetstreamManager(connection, { timeout: 2_000 }));
    } finally {
      await connection.close();
    }
  };
  const ready = async (): Promise<void> => {
    const name = `ready_${process.pid}`;
    for (;;) {
      try {
        await managed(async ({ streams }) => {
          await streams.add({ name, subjects: [name], num_replicas: count });
          await streams.delete(name);
        });
        return;
      } catch {
        await new Promise((resolve) => void setTimeout(resolve, 100)); // they are still finding each other
      }
    }
  };
  for (const i of urls.keys()) start(i);
  // where the run is ended before its teardown
  process.once("exit", () => {
    for (const child of children) child?.kill("SIGKILL");
  });
  return {
    urls,
    directory,
    kill,
    start,
    ready,
    async leaderOf(stream) {
      try {
        const { cluster } = await managed(async ({ streams }) => streams.info(stream));
        const name = cluster?.leader ?? "n0";
        return Number(name.slice(1));
      } catch {
        return undefined; // between two leaders
      }
    },
    async remove() {
      await Promise.all(urls.map(async (_, i) => kill(i)));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(async (server) => {
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return (server.address() as AddressInfo).port;
    }),
  );
  await Promise.all(servers.map(async (server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
