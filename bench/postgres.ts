/** The journal in PostgreSQL against the one on disk, on one disk. */

import { join } from "node:path";
import { createSystem, type Journal, lmdbJournal, type System } from "troupe";
import { postgresJournal } from "troupe/postgres";
import { newServer, programs } from "../examples/credit/cells/postgres-server.ts";
import type { Figure } from "../src/bench/figure.ts";
import { measure, type Subject } from "../src/bench/measure.ts";
import { account } from "./store-actors.ts";
import { inTemporaryDirectory } from "./temporary-directory.ts";
import { perSecond, type Topic } from "./topic.ts";

const commits = 500;
const perWriter = 50;
const many = 512;
const ended = [1_000, 100_000] as const;
const heads = 1_000;

export const postgres: Topic = {
  name: "postgres",
  about:
    "Commits to a journal in PostgreSQL against those on disk, and what a look at many keys costs. The server is on this machine, and its disk is that of the other.",
  async run() {
    if (process.env["TROUPE_POSTGRES"] === undefined && programs() === undefined)
      throw new Error(
        "the topic postgres needs PostgreSQL (Debian: apt-get install postgresql), or its URL in TROUPE_POSTGRES",
      );
    const server = process.env["TROUPE_POSTGRES"] === undefined ? await newServer() : undefined;
    try {
      return await inTemporaryDirectory((directory) =>
        compared(directory, server?.url ?? process.env["TROUPE_POSTGRES"] ?? ""),
      );
    } finally {
      server?.remove();
    }
  },
};

async function compared(directory: string, url: string): Promise<Figure[]> {
  const schema = `bench_${process.pid}`;
  await using disk = await createSystem({ threads: 1, journal: lmdbJournal(join(directory, "journal")) });
  await using far = await createSystem({ threads: 1, journal: postgresJournal(url, { schema }) });
  const sides = [
    ["on disk, sync", disk],
    ["in PostgreSQL", far],
  ] as const;
  const baseline = sides[0][0];
  const group = (writers: number, each: number): readonly Subject[] =>
    sides.map(([name, system]) => ({
      name,
      run: () => written(system, writers, each, (writer) => `writer-${writer}`),
    }));
  const unit = "commits/s";
  return [
    ...(await measure({ bench: "commits, one after another", unit, baseline, rounds: 5, subjects: group(1, commits) })),
    ...(await measure({ bench: "commits, 64 sides", unit, baseline, rounds: 5, subjects: group(64, perWriter) })),
    ...(await newKeys("on disk", disk)),
    ...(await newKeys("in PostgreSQL", far)),
    ...(await looks(url, `${schema}_keys`)),
  ];
}

/** Commits from many sides, one after another at each. */
async function written(
  system: System,
  writers: number,
  each: number,
  idOf: (writer: number) => string,
): Promise<number> {
  const start = performance.now();
  const write = async (writer: number): Promise<void> => {
    for (let i = 0; i < each; i++)
      await system.store.commit(account, idOf(writer), (draft) => {
        draft.cents += 5;
        draft.changes++;
      });
  };
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
  return perSecond(writers * each, start);
}

async function newKeys(where: string, system: System): Promise<Figure[]> {
  let fresh = 0;
  return measure({
    bench: `commits ${where}, ${many} sides`,
    unit: "commits/s",
    baseline: "to keys that were committed to before",
    rounds: 5,
    subjects: [
      {
        name: "to keys that were committed to before",
        run: () => written(system, many, 10, (writer) => `warm-${writer}`),
      },
      { name: "each to a new key", run: () => written(system, many, 10, () => `new-${fresh++}`) },
    ],
  });
}

/** What a start asks for: which keys have changed of late, and the newest versions of many. */
async function looks(url: string, schema: string): Promise<Figure[]> {
  const journal = await postgresJournal(url, { schema });
  const fill = async (from: number, to: number): Promise<void> => {
    for (let next = from; next < to; next += 1_000)
      await Promise.all(Array.from({ length: Math.min(1_000, to - next) }, (_, i) => append(journal, next + i)));
  };
  const keys = Array.from({ length: heads }, (_, i) => `run/${i}`);
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };
  await fill(0, ended[0]);
  // read by another one, as the owner has in memory what it has written
  const reader = await postgresJournal(url, { schema, readOnly: true });
  const few = await measure({
    bench: `${heads} newest versions`,
    unit: "ms",
    baseline: "one after another",
    rounds: 5,
    subjects: [
      {
        name: "one after another",
        run: () =>
          timed(async () => {
            for (const key of keys) await reader.head(key);
          }),
      },
      { name: "at once", run: () => timed(async () => reader.heads(keys)) },
    ],
  });
  const since = journal.position - 1;
  const look: Subject = { name: `of ${ended[0]}`, run: () => timed(async () => reader.keys("run/", since)) };
  const small = await measure({ bench: "keys that have changed since", unit: "ms", rounds: 5, subjects: [look] });
  await fill(ended[0], ended[1]);
  const later = journal.position - 1;
  const large = await measure({
    bench: "keys that have changed since",
    unit: "ms",
    rounds: 5,
    subjects: [{ name: `of ${ended[1]}`, run: () => timed(async () => reader.keys("run/", later)) }],
  });
  await reader.close();
  await journal.close();
  return [...few, ...small, ...large];
}

async function append(journal: Journal, n: number): Promise<void> {
  const state = Object.freeze({ n });
  const key = `run/${n}`;
  const snapshot = { key, version: 1, parent: 0, author: "bench", time: n, position: n + 1, schema: 1, state };
  await journal.append([{ snapshot, patches: [{ op: "replace", path: [], value: state }] }]);
}
