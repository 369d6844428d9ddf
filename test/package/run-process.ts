/** Runs a program to its end. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Resolves when the program has ended, however it did. npm and what it installs are scripts of the shell on Windows. */
export async function runProcess(cwd: string, command: string, ...args: string[]): Promise<Ended> {
  const shell = process.platform === "win32" && command !== process.execPath;
  const child = spawn(command, args, { cwd, shell, stdio: ["ignore", "pipe", "pipe"] });
  const [[code], output, errors] = await Promise.all([
    once(child, "close") as Promise<[number | null]>,
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, output: output.trimEnd(), errors };
}
