/** Erlang as a peer, where it is installed: the programs of `savina.erl`, each in a virtual machine of its own. */

import { execFile } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Cost } from "../../src/bench/measure.ts";
import type { PeerProgram } from "./libraries.ts";

const run = promisify(execFile);

/** The programs by their names: with one scheduler, and with two. */
export async function erlang(): Promise<(program: string) => readonly PeerProgram[]> {
  const directory = await mkdtemp(join(tmpdir(), "troupe-erlang-"));
  try {
    await run("erlc", ["-o", directory, fileURLToPath(new URL("./savina.erl", import.meta.url))]);
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ENOENT") throw error;
    console.error("Erlang isn't installed (Debian's erlang-base has it). Its figures are left out.");
    return () => [];
  }
  return (program) =>
    [1, 2].map((schedulers) => ({
      name: program,
      subject: schedulers === 1 ? "Erlang, one scheduler" : "Erlang, two schedulers",
      cost: () => costIn(directory, program, schedulers),
    }));
}

/** The program measures itself, without the start of its virtual machine, and checks its result. */
async function costIn(directory: string, program: string, schedulers: number): Promise<Cost> {
  const name = program.replaceAll(/[ -]/g, "_");
  const { stdout } = await run("erl", [
    ...["+S", `${schedulers}:${schedulers}`, "-noshell", "-pa", directory],
    ...["-eval", `savina:main(${name})`],
  ]);
  const { clock, processor } = JSON.parse(stdout) as { clock: number; processor: number };
  return { clock, processor };
}
