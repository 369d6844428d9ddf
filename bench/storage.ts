/** What history costs on disk, and what it doesn't cost in time. */

import { statSync } from "node:fs";
import { join } from "node:path";
import { lmdbJournal, type Journal } from "troupe";
import type { Figure } from "../src/bench/figure.ts";
import { inTemporaryDirectory } from "./temporary-directory.ts";

type Append = Parameters<Journal["append"]>[0][number];

const turns = 400;
const turnBytes = 1_024;
const versions = 100_000;
/** As many commits are averaged at either end. */
const window = 5_000;
const reads = 5_000;

export async function storage(): Promise<Figure[]> {
  return [...(await inTemporaryDirectory(conversation)), ...(await inTemporaryDirectory(longHistory))];
}

/** Each turn appends a kilobyte to a list in one key, each commit awaited. */
async function conversation(directory: string): Promise<Figure[]> {
  const journal = await lmdbJournal(directory);
  let turnsSoFar: readonly string[] = [];
  for (let version = 1; version <= turns; version++) {
    const turn = String(version).padEnd(turnBytes, "abcdefgh");
    turnsSoFar = Object.freeze([...turnsSoFar, turn]);
    const state = Object.freeze({ turns: turnsSoFar });
    const patches: Append["patches"] =
      version === 1
        ? [{ op: "replace", path: [], value: state }]
        : [{ op: "add", path: ["turns", version - 1], value: turn }];
    await journal.append([recordOf("conversation/1", version, state, patches)]);
  }
  await journal.close();
  const bytes = statSync(join(directory, "data-1.mdb")).size;
  const again = await lmdbJournal(directory, { readOnly: true });
  for (let version = 1; version <= turns; version++) {
    const state = (await again.at("conversation/1", version))?.state as { readonly turns: readonly string[] };
    if (state.turns.length !== version) throw new Error(`version ${version} has ${state.turns.length} turns`);
  }
  await again.close();
  return [figure("400 turns of 1 KiB", "stored per byte appended", bytes / (turns * turnBytes), "bytes")];
}

async function longHistory(directory: string): Promise<Figure[]> {
  const journal = await lmdbJournal(directory);
  const took: number[] = [];
  for (let version = 1; version <= versions;) {
    const start = performance.now();
    const together: unknown[] = [];
    for (let i = 0; i < 100; i++, version++) {
      const state = Object.freeze({ n: version, name: "a counter", isOpen: true });
      const whole = version === 1;
      const patches: Append["patches"] = whole
        ? [{ op: "replace", path: [], value: state }]
        : [{ op: "replace", path: ["n"], value: version }];
      together.push(journal.append([recordOf("counter/1", version, state, patches)]));
    }
    await Promise.all(together);
    took.push(performance.now() - start);
  }
  await journal.close();
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  // the first ones warm the code up
  const atStart = mean(took.slice(20, 20 + window / 100));
  const atEnd = mean(took.slice(-window / 100));

  const opening = performance.now();
  const again = await lmdbJournal(directory);
  const opened = performance.now() - opening;
  const readTimes: number[] = [];
  for (let i = 0; i < reads; i++) {
    // any version, and none near the one before
    const version = 1 + ((i * 61_803) % versions);
    const start = performance.now();
    const snapshot = await again.at("counter/1", version);
    readTimes.push(performance.now() - start);
    const { n } = (snapshot?.state ?? {}) as { readonly n?: number };
    if (n !== version) throw new Error(`version ${version} is wrong`);
  }
  await again.close();
  readTimes.sort((a, b) => a - b);
  const bench = "100,000 versions of one key";
  return [
    figure(bench, "commit at the end over the start", atEnd / atStart, "times"),
    figure(bench, "at(any version), median", readTimes[reads / 2] ?? Number.NaN, "ms"),
    figure(bench, "at(any version), 99th percentile", readTimes[Math.floor(reads * 0.99)] ?? Number.NaN, "ms"),
    figure(bench, "opening", opened, "ms"),
    figure(bench, "stored per version", statSync(join(directory, "data-1.mdb")).size / versions, "bytes"),
  ];
}

function recordOf(key: string, version: number, state: unknown, patches: Append["patches"]): Append {
  const meta = { key, version, parent: version - 1, author: "bench", time: version, position: version, schema: 1 };
  return { snapshot: Object.freeze({ ...meta, state }), patches };
}

/** Measured once, against nothing. */
function figure(bench: string, subject: string, value: number, unit: string): Figure {
  return { bench, subject, value, unit, baseline: null, ratio: null, spread: 0 };
}
