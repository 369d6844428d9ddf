/** The programs in `fixtures`, which give their traces to a backend: each a process of its own, on the built package. */

import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Where a backend takes spans. */
export interface Endpoint {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export type Program = ChildProcessByStdio<null, Readable, null>;

export function startProgram(name: string, { url, headers }: Endpoint, ...more: readonly string[]): Program {
  const file = join("test/backends/fixtures", name);
  return spawn(process.execPath, ["--import", "tsx", file, url, JSON.stringify(headers), ...more], {
    cwd: root,
    env: { ...process.env, TSX_TSCONFIG_PATH: join(root, "tsconfig.build.json") },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** Runs it to its end and returns what it printed. Throws if it fails. */
export async function outputOf(program: Program): Promise<string> {
  const [output, [code]] = await Promise.all([text(program.stdout), once(program, "exit") as Promise<[number | null]>]);
  if (code !== 0) throw new Error(`${program.spawnargs.join(" ")} ended with ${code}`);
  return output;
}
