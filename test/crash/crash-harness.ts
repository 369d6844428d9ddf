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
  /** Told once for each kill, with what was acknowledged since the one before. Throws for what is wrong. */
  check(journal: Journal, acknowledged: readonly Ack[], round: number): Promise<void>;
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
    for (let round = 1; round <= kills; round++) {
      // squared: early points, in the middle of opening, are as interesting as later ones
      const acks = await runUntilKilled(workload.program, directory, round, Math.floor(random() ** 2 * maxAcks));
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

/** Kills it when it has acknowledged `enough`; what it acknowledged meanwhile counts as well. */
async function runUntilKilled(
  program: string,
  directory: string,
  round: number,
  enough: number,
): Promise<readonly unknown[]> {
  const file = fileURLToPath(new URL(`./fixtures/${program}`, import.meta.url));
  const child = spawn(process.execPath, [file, directory, String(round)], { stdio: ["ignore", "pipe", "inherit"] });
  const gone = once(child, "exit");
  const acks: unknown[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== "started") acks.push(JSON.parse(line));
    if (acks.length >= enough) child.kill("SIGKILL");
  }
  const [code] = (await gone) as [number | null];
  if (code !== null) throw new Error(`${program} ended by itself with ${code}`);
  return acks;
}
