/** The example's command: starts the model's server, and two processes of the support desk, one after the other. */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { mulberry32 } from "../credit/mulberry32.ts";
import { modelVariable } from "./model.ts";
import { startModelServer } from "./model-server.ts";
import { parseOptions, type SupportOptions, UsageError } from "./options.ts";

/** Returns the exit code. */
async function play({ seed, answer, keep }: SupportOptions): Promise<number> {
  const model = await startModelServer({ random: mulberry32(seed), busy: 0.15, broken: 0.15, pace: 10 });
  const folder = await mkdtemp(join(tmpdir(), "support-"));
  const program = (name: string): Promise<number> =>
    exitCodeOf(
      fork(new URL(name, import.meta.url), [folder, answer], { env: { ...process.env, [modelVariable]: model.url } }),
    );
  try {
    console.log("Monday. A process takes the tickets, and ends when there is nothing to do but wait:");
    const code = await program("monday.ts");
    if (code !== 0) return code;
    console.log("Tuesday. Another process goes on from the journal:");
    const end = await program("tuesday.ts");
    const counts = [...model.answers].toSorted(([one], [other]) => one - other);
    console.log(`How often the model answered with which status: ${counts.map((pair) => pair.join(": ")).join(", ")}`);
    return end;
  } finally {
    await model.close();
    if (keep) console.log(`The journal is kept: npx troupe runs --journal ${folder}`);
    else await rm(folder, { recursive: true });
  }
}

/** What a process ends with. Ctrl-C goes to it, too: it ends by that, and then this one does. */
async function exitCodeOf(child: ChildProcess): Promise<number> {
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  process.on("SIGINT", pass).on("SIGTERM", pass);
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  process.off("SIGINT", pass).off("SIGTERM", pass);
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

async function main(): Promise<number> {
  try {
    const command = parseOptions(process.argv.slice(2));
    if ("options" in command) return await play(command.options);
    console.log(command.help);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    return 2;
  }
}

process.exitCode = await main();
