/**
 * Two versions side by side, without telemetry: each in a process of its own, round after round in turn. The other version's process runs a copy
 * of these files in its checkout, so that both import the package that they are in.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Figure } from "../src/bench/figure.ts";
import { measure } from "../src/bench/measure.ts";

const rounds = 15;
const own = fileURLToPath(new URL("..", import.meta.url));
const files = ["telemetry-rounds.ts", "telemetry-actors.ts", "actors.ts", "standing.ts"];

/** Runs a second of processor time: of this version, and of the one whose built checkout is in a folder. */
export async function versionCosts(against: string): Promise<Figure[]> {
  const other = resolve(against);
  mkdirSync(join(other, "bench"), { recursive: true });
  const copies = mkdtempSync(join(other, "bench", "against-"));
  for (const file of files) cpSync(join(own, "bench", file), join(copies, file));
  const versions: readonly Version[] = [new Version(other, copies), new Version(own, join(own, "bench"))];
  try {
    const [before, now] = versions;
    return await measure({
      bench: "run, idle agents, no telemetry",
      unit: "runs/s of CPU",
      baseline: against,
      rounds,
      subjects: [
        { name: against, run: () => before?.round() ?? Promise.reject(new Error("it has not begun")) },
        { name: "this version", run: () => now?.round() ?? Promise.reject(new Error("it has not begun")) },
      ],
    });
  } finally {
    for (const version of versions) await version.end();
    rmSync(copies, { recursive: true });
  }
}

/** A process that measures a round when it is told to. */
class Version {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(root: string, folder: string) {
    const tsx = [...process.execArgv, join(folder, "telemetry-rounds.ts")];
    this.#process = spawn(process.execPath, tsx, { cwd: root, stdio: ["pipe", "pipe", "inherit"] });
    if (this.#process.stdout === null) throw new Error("the process has no output");
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  async round(): Promise<number> {
    this.#process.stdin?.write("round\n");
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error("the process that measures has ended");
    return Number(value);
  }

  async end(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.stdin?.end();
    await ended;
  }
}
