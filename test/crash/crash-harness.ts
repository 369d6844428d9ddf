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
import { text } from "node:stream/consumers";
import { lmdbJournal } from "../../src/store/journal/lmdb/lmdb-journal.ts";
import { verifyJournal } from "../../src/store/journal/lmdb/verify-journal.ts";
import { builtModule, root } from "../compiled-modules.ts";
import type { Journal } from "../../src/store/journal/journal.ts";

export interface Workload<Ack> {
  /** A file in `fixtures`, started as `node FILE DIRECTORY ROUND …`. It writes a line of JSON for each thing acknowledged. */
  readonly program: string;
  /** What follows the round. */
  readonly arguments?: readonly string[];
  /** True for a program that is to be started once more after the kills, with the round `last`, and ends by itself then. */
  readonly hasLastRound?: boolean;
  /** True for a program that ends by itself once all is done: there is no other round then. */
  readonly isFinite?: boolean;
  /** Told once for each round, with what was acknowledged since the one before. Throws for what is wrong. */
  check(journal: Journal, acknowledged: readonly Ack[], round: number | "last", directory: string): Promise<void>;
}

export interface CrashOptions {
  readonly kills: number;
  /** Chooses when to kill: after how many acknowledgements. */
  readonly random: () => number;
  /** The most acknowledgements that a round waits for. Default 60. */
  readonly maxAcks?: number;
  /** Kills every other time before the first acknowledgement, at a moment within the time that one took before. Default false. */
  readonly duringStart?: boolean;
}

export interface CrashResult {
  readonly kills: number;
  readonly acknowledged: number;
}

/** When to kill: at the first of these. */
interface Moment {
  readonly acks: number;
  readonly ms: number;
}

interface RoundEnd {
  readonly acks: readonly unknown[];
  readonly isKilled: boolean;
  /** Milliseconds from its start to the first acknowledgement, if there was one. */
  readonly startedIn: number | undefined;
}

const never: Moment = { acks: Number.POSITIVE_INFINITY, ms: Number.POSITIVE_INFINITY };

export async function crash<Ack>(workload: Workload<Ack>, options: CrashOptions): Promise<CrashResult> {
  const { kills, random, maxAcks = 60, duringStart = false } = options;
  let starting = never.ms;
  const nextMoment = (): Moment => ({
    // squared: early points, in the middle of opening, are as interesting as later ones
    acks: Math.floor(random() ** 2 * maxAcks),
    ms: duringStart && random() < 0.5 ? random() * starting : never.ms,
  });
  const directory = mkdtempSync(join(tmpdir(), "troupe-crash-"));
  let acknowledged = 0;
  let killed = 0;
  try {
    for (let round: number | "last" | undefined = 1; round !== undefined;) {
      const moment: Moment = round === "last" ? never : nextMoment();
      const { acks, isKilled, startedIn }: RoundEnd = await runUntilKilled(workload, directory, round, moment);
      starting = startedIn ?? starting;
      acknowledged += acks.length;
      if (isKilled) killed++;
      const isDone: boolean = !isKilled || (killed === kills && workload.hasLastRound !== true);
      const journal = await lmdbJournal(directory);
      await workload.check(journal, acks as Ack[], isKilled ? round : "last", directory);
      await journal.close();
      const { damages } = await verifyJournal(directory);
      if (damages.length > 0) throw new Error(`round ${round}: ${JSON.stringify(damages[0])}`);
      round = isDone ? undefined : killed === kills ? "last" : killed + 1;
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
  return { kills: killed, acknowledged };
}

/** The newest state of a key that has one. */
export async function stateOf<S>(journal: Journal, key: string): Promise<S> {
  const head = await journal.head(key);
  if (head === undefined) throw new Error(`${key} has no version`);
  return head.state as S;
}

/** Kills it when its moment has come; what it acknowledged meanwhile counts as well. */
async function runUntilKilled<Ack>(
  { program, arguments: more = [], isFinite = false }: Workload<Ack>,
  directory: string,
  round: number | "last",
  moment: Moment,
): Promise<RoundEnd> {
  const path = `test/crash/fixtures/${program}`;
  const file = program.endsWith(".ts") ? builtModule(path) : join(root, path);
  const child = spawn(process.execPath, [file, directory, String(round), ...more], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const gone = once(child, "exit");
  const lastWords = text(child.stderr);
  const acks: unknown[] = [];
  let timer: NodeJS.Timeout | undefined;
  let startedAt = 0;
  let startedIn: number | undefined;
  const mayEnd = round === "last" || isFinite;
  let isUnderstood = false;
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      if (line === "started") {
        startedAt = performance.now();
        if (moment.ms < never.ms) timer = setTimeout(() => child.kill("SIGKILL"), moment.ms);
      } else {
        acks.push(JSON.parse(line));
        startedIn ??= performance.now() - startedAt;
      }
      if (acks.length >= moment.acks) child.kill("SIGKILL");
    }
    isUnderstood = true;
  } finally {
    clearTimeout(timer);
    if (!mayEnd || !isUnderstood) child.kill("SIGKILL");
  }
  const [code, signal] = (await gone) as [number | null, NodeJS.Signals | null];
  const isKilled = signal === "SIGKILL" && round !== "last";
  if (!isKilled && !(mayEnd && code === 0))
    throw new Error(`${program} ended by itself with ${code ?? signal}:\n${await lastWords}`);
  return { acks, isKilled, startedIn };
}
