/**
 * Kills a process at random points of its work and looks at what is left. A workload is a module in `fixtures` that works
 * on the journal in a directory until it is killed, and a check of what the journal holds against what it acknowledged.
 *
 * The directory lives on from kill to kill, so a workload meets what its killed self left behind.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { lmdbJournal } from "../../src/store/journal/lmdb-journal.ts";
import { verifyJournal } from "../../src/store/journal/verify-journal.ts";
import type { Journal } from "../../src/store/journal.ts";

export interface Workload<Ack> {
  /** A file in `fixtures`, started as `node FILE DIRECTORY ROUND`. It writes a line of JSON for each thing acknowledged. */
  readonly program: string;
  /** True for a program that is to be started once more after the kills, with the round `last`, and ends by itself then. */
  readonly hasLastRound?: boolean;
  /** Told once for each round, with what was acknowledged since the one before. Throws for what is wrong. */
  check(journal: Journal, acknowledged: readonly Ack[], round: number | "last"): Promise<void>;
}

export interface CrashOptions {
  readonly kills: number;
  /** Chooses when to kill: after how many acknowledgements. */
  readonly random: () => number;
  /** The most acknowledgements that a round waits for. Default 60. */
  readonly maxAcks?: number;
}

export interface CrashResult {
  readonly kills: number;
  readonly acknowledged: number;
}

export async function crash<Ack>(workload: Workload<Ack>, options: CrashOptions): Promise<CrashResult> {
  const { kills, random, maxAcks = 60 } = options;
  const directory = mkdtempSync(join(tmpdir(), "troupe-crash-"));
  let total = 0;
  try {
    const rounds = Array.from({ length: kills }, (_, i): number | "last" => i + 1);
    if (workload.hasLastRound === true) rounds.push("last");
    for (const round of rounds) {
      // squared: early points, in the middle of opening, are as interesting as later ones
      const enough = round === "last" ? Number.POSITIVE_INFINITY : Math.floor(random() ** 2 * maxAcks);
      const acks = await runUntilKilled(workload.program, directory, round, enough);
      total += acks.length;
      const journal = await lmdbJournal(directory);
      await workload.check(journal, acks as Ack[], round);
      await journal.close();
      const { damages } = await verifyJournal(directory);
      if (damages.length > 0) throw new Error(`round ${round}: ${JSON.stringify(damages[0])}`);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
  return { kills, acknowledged: total };
}

/** The newest state of a key that has one. */
export async function stateOf<S>(journal: Journal, key: string): Promise<S> {
  const head = await journal.head(key);
  if (head === undefined) throw new Error(`${key} has no version`);
  return head.state as S;
}

/** Kills it when it has acknowledged `enough`; what it acknowledged meanwhile counts as well. */
async function runUntilKilled(
  program: string,
  directory: string,
  round: number | "last",
  enough: number,
): Promise<readonly unknown[]> {
  const file = fileURLToPath(new URL(`./fixtures/${program}`, import.meta.url));
  const child = spawn(process.execPath, [file, directory, String(round)], { stdio: ["ignore", "pipe", "inherit"] });
  const gone = once(child, "exit");
  const acks: unknown[] = [];
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      if (line !== "started") acks.push(JSON.parse(line));
      if (acks.length >= enough) child.kill("SIGKILL");
    }
  } finally {
    if (round !== "last") child.kill("SIGKILL"); // also when a line was none
  }
  const [code] = (await gone) as [number | null];
  if (code !== (round === "last" ? 0 : null)) throw new Error(`${program} ended by itself with ${code}`);
  return acks;
}
