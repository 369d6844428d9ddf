/** What an open wait costs while nothing happens, and when the next process takes it up. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { createSystem, lmdbJournal, type System } from "troupe";
import type { Figure } from "../src/bench/figure.ts";
import type { Topic } from "./topic.ts";
import { inTemporaryDirectory } from "./temporary-directory.ts";
import { standing } from "./standing.ts";
import type { Started } from "./waits-process.ts";
import { approval } from "./waits-workflow.ts";

/** How many waits are open. */
const count = Number(process.env["TROUPE_WAITS"] ?? 10_000);
/** So many runs are on their way to the journal at a time. */
const starting = 500;
const program = fileURLToPath(new URL("waits-process.ts", import.meta.url));

export const waits: Topic = {
  name: "waits",
  about:
    `${count.toLocaleString("en-US")} open waits with a timeout, in a journal on disk: in the process that asked, and in the next one.\n` +
    "TROUPE_WAITS=N measures N of them.",
  run: () => inTemporaryDirectory(async (directory) => [...(await asking(directory)), ...(await takingUp(directory))]),
};

async function asking(directory: string): Promise<Figure[]> {
  await using system = await createSystem({ threads: 1, journal: lmdbJournal(directory) });
  await open(system, 1); // what is made once is there
  const before = standing();
  const begun = performance.now();
  for (let first = 0; first < count; first += starting) {
    await open(system, Math.min(starting, count - first));
  }
  const took = performance.now() - begun;
  const after = standing();
  return [
    figure("open wait", "heap", (after.heap - before.heap) / count, "bytes"),
    figure("open wait", "timers of all", after.timers - before.timers, "timers"),
    figure("open wait", "to ask", (took * 1000) / count, "µs"),
  ];
}

/** Starts runs, and resolves when each of them waits. */
async function open(system: System, runs: number): Promise<void> {
  await Promise.all(Array.from({ length: runs }, (_, order) => system.run(approval, { order }).started));
}

/** The system's own start, without anything to take up, is not counted. */
async function takingUp(directory: string): Promise<Figure[]> {
  const empty = await inTemporaryDirectory(inProcess);
  const full = await inProcess(directory);
  const each = (of: (started: Started) => number): number => (of(full) - of(empty)) / full.parked;
  return [
    figure(
      "wait taken up",
      "heap",
      each(({ heap }) => heap),
      "bytes",
    ),
    figure("wait taken up", "timers of all", full.timers - empty.timers, "timers"),
    figure(
      "wait taken up",
      "by the clock",
      each(({ elapsed }) => elapsed * 1000),
      "µs",
    ),
    figure(
      "wait taken up",
      "processor",
      each(({ processor }) => processor),
      "µs",
    ),
  ];
}

/** Has a process of its own start a system on the journal. */
async function inProcess(directory: string): Promise<Started> {
  const child = spawn(process.execPath, [...process.execArgv, program, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [out, [code]] = await Promise.all([text(child.stdout), once(child, "close") as Promise<[number | null]>]);
  if (code !== 0) throw new Error(`taking up ended with ${String(code)}`);
  return JSON.parse(out) as Started;
}

function figure(bench: string, subject: string, value: number, unit: string): Figure {
  return { bench, subject, value, unit, baseline: null, ratio: null, spread: 0 };
}
