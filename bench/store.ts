/** Commits and reads of versioned state: in memory, on disk, on another thread. */

import { enablePatches, produceWithPatches } from "immer";
import { open } from "lmdb";
import { join } from "node:path";
import { createSystem, lmdbJournal, type System } from "troupe";
import type { Figure } from "../src/bench/figure.ts";
import { measure, type Subject } from "../src/bench/measure.ts";
import { perSecond, type Topic } from "./topic.ts";
import { langGraphSubjects } from "./peers/langgraph.ts";
import { storage } from "./storage.ts";
import { account, reader } from "./store-actors.ts";
import { inTemporaryDirectory } from "./temporary-directory.ts";

const inMemory = 20_000;
const durable = 500;
const writers = 64;
const perWriter = 50;
const reads = 200_000;

export const store: Topic = {
  name: "store",
  about:
    "Commits against what they are made of, durable commits against LMDB's own puts, and what history costs on disk.",
  run: async () => [
    ...(await memoryCommits()),
    ...(await inTemporaryDirectory(durableCommits)),
    ...(await replicaReads()),
    ...(await storage()),
  ],
};

type Account = ReturnType<NonNullable<typeof account.initial>>;

function pay(draft: Account): void {
  draft.cents += 5;
  draft.changes++;
}

async function memoryCommits(): Promise<Figure[]> {
  enablePatches();
  await using system = await createSystem({ threads: 1 });
  let state = account.initial?.("bare") as Account;
  let rounds = 0;
  return await inTemporaryDirectory(async (directory) =>
    measure({
      bench: "commit in memory, two fields of 40",
      unit: "commits/s",
      baseline: "immer produceWithPatches",
      rounds: 5,
      subjects: [
        {
          name: "immer produceWithPatches",
          async run() {
            const start = performance.now();
            for (let i = 0; i < inMemory; i++) [state] = produceWithPatches(state, pay);
            return perSecond(inMemory, start);
          },
        },
        {
          name: "store.commit",
          async run() {
            const id = `memory-${++rounds}`;
            const start = performance.now();
            for (let i = 0; i < inMemory; i++) await system.store.commit(account, id, pay);
            return perSecond(inMemory, start);
          },
        },
        ...(await langGraphSubjects(directory)),
      ],
    }),
  );
}

async function durableCommits(directory: string): Promise<Figure[]> {
  const sync = open<Buffer, number>({ path: join(directory, "sync.mdb"), encoding: "binary", overlappingSync: false });
  const early = open<Buffer, number>({ path: join(directory, "early.mdb"), encoding: "binary" });
  await using system = await createSystem({ threads: 1, journal: lmdbJournal(join(directory, "sync")) });
  await using relaxed = await createSystem({
    threads: 1,
    journal: lmdbJournal(join(directory, "relaxed"), { durability: "relaxed" }),
  });
  // as large as a record of the commit
  const value = Buffer.alloc(100, "x");
  let key = 0;
  const put = (db: typeof sync) => () => db.put(key++, value);
  const commit = (on: System) => (id: string) => on.store.commit(account, id, pay);
  const baseline = "lmdb put, flushed";
  const puts: readonly (readonly [string, (id: string) => Promise<unknown>])[] = [
    [baseline, put(sync)],
    ["lmdb put, acknowledged before the flush", put(early)],
    ["store.commit", commit(system)],
    ["store.commit, relaxed", commit(relaxed)],
  ];
  const oneByOne = puts.map(([name, act]): Subject => ({
    name,
    async run() {
      const start = performance.now();
      for (let i = 0; i < durable; i++) await act("sequential");
      return perSecond(durable, start);
    },
  }));
  const together = puts.map(([name, act]): Subject => ({
    name,
    async run() {
      const start = performance.now();
      const write = async (writer: number): Promise<void> => {
        for (let i = 0; i < perWriter; i++) await act(`writer-${writer}`);
      };
      await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
      return perSecond(writers * perWriter, start);
    },
  }));
  const unit = "commits/s";
  const figures = [
    ...(await measure({ bench: "durable commits, one after another", unit, baseline, rounds: 5, subjects: oneByOne })),
    ...(await measure({ bench: `durable commits, ${writers} sides`, unit, baseline, rounds: 5, subjects: together })),
  ];
  await Promise.all([sync.close(), early.close()]);
  return figures;
}

async function replicaReads(): Promise<Figure[]> {
  await using system = await createSystem({ threads: 1 });
  await system.store.commit(account, "read", pay);
  const ref = await system.spawn(reader);
  const timed = (message: "read" | "property") => async (): Promise<number> => {
    const { ms } = await ref.ask(message, reads, { timeout: 60_000 });
    return (ms * 1e6) / reads;
  };
  return await measure({
    bench: "read on a thread's replica",
    unit: "ns",
    baseline: "property of an object",
    rounds: 5,
    subjects: [
      { name: "property of an object", run: timed("property") },
      { name: "context.read, awaited", run: timed("read") },
    ],
  });
}
