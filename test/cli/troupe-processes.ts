/** Runs the built command in processes of its own, which don't outlive their test. Wants `npm run build` first. */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll } from "vitest";

/** The project's folder. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

const main = join(root, "dist/cli/main.js");

export function troupeProcesses(cwd: string) {
  const children = new Set<ChildProcessWithoutNullStreams>();

  beforeAll(() => {
    if (!existsSync(main)) throw new Error("these tests run dist: npm run build");
  });
  afterEach(() => {
    for (const child of children) child.kill("SIGKILL");
    children.clear();
  });

  /** Starts the command. `exit` resolves to its exit code, or the signal that ended it, when all its output is there. */
  function start(...args: readonly string[]) {
    return startWith({}, ...args);
  }

  /** Starts the command with another environment. */
  function startWith(options: { readonly env?: NodeJS.ProcessEnv }, ...args: readonly string[]) {
    const child = spawn(process.execPath, [main, ...args], { cwd, ...options });
    children.add(child);
    const exit = new Promise<number | string | null>((resolve) => {
      child.on("close", (code, signal) => resolve(code ?? signal));
    });
    return { child, exit };
  }

  /** Runs the command to its end. */
  async function troupe(...args: readonly string[]) {
    const { child, exit } = start(...args);
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
    return { code, stdout, stderr };
  }

  return { start, startWith, troupe };
}
