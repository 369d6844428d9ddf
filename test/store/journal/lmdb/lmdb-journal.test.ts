import { readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffStates } from "../../../../src/store/versions/diff-states.ts";
import { lmdbJournal } from "../../../../src/store/journal/lmdb/lmdb-journal.ts";
import { verifyJournal } from "../../../../src/store/journal/lmdb/verify-journal.ts";
import type { Journal } from "../../../../src/store/journal/journal.ts";
import { seal } from "../../../../src/store/versions/seal.ts";
import type { Snapshot } from "../../../../src/store/versions/snapshot.ts";
import { plainState } from "../../support/arbitrary-state.ts";
import { expectSame, isDeeplyFrozen } from "../../support/deeply.ts";
import { failure } from "../../support/failure.ts";
import { testJournalContract } from "../../support/journal-contract.ts";
import { recordOf } from "../../support/requests.ts";
import { settleAll } from "../../support/turns.ts";
import { temporaryJournals } from "../../support/temporary-journals.ts";

const { open, reopen, newDirectory, clear } = temporaryJournals();

describe("in sync mode", () => {
  testJournalContract(() => open(), reopen);
});

describe("in relaxed mode", () => {
  testJournalContract(() => open(newDirectory(), { durability: "relaxed" }), reopen);
});

/** Appends the next version of a key and returns its snapshot. */
async function append(journal: Journal, key: string, state: unknown, more: Partial<Snapshot> = {}): Promise<Snapshot> {
  seal(state);
  const head = await journal.head(key);
  const version = (head?.version ?? 0) + 1;
  const patches =
    head === undefined ? [{ op: "replace", path: [], value: state } as const] : diffStates(head.state, state);
  const position = journal.position + 1;
  const meta = { key, version, parent: version - 1, author: "test", time: 1.5, position, schema: 1, ...more };
  const snapshot = Object.freeze({ ...meta, state });
  await journal.append([{ snapshot, patches }]);
  return snapshot;
}

describe("what is kept on disk", () => {
  it("comes back the same to the last field, frozen, in any version, cached or not (invariants 1, 11)", async () => {
    const states = fc.array(plainState, { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(states, async (values) => {
        let journal = await open();
        const kept: Snapshot[] = [];
        for (const value of values) kept.push(await append(journal, "a/1", { value }));
        for (let round = 0; round < 2; round++) {
          for (const snapshot of kept) {
            const read = await journal.at("a/1", snapshot.version);
            expectSame(read, snapshot);
            expect(isDeeplyFrozen(read)).toBe(true);
          }
          const records = await journal.records("a/1", 1, 99);
          expectSame(
            records.map(({ snapshot }) => snapshot),
            kept,
          );
          const patched = records.flatMap(({ patches }) => patches.map((patch) => patch.value));
          expect(patched.every(isDeeplyFrozen)).toBe(true);
          journal = await reopen(journal);
        }
        await clear();
      }),
      { numRuns: 30 },
    );
  });

  it("has keys and idempotency keys of any text", async () => {
    const text = fc.string({ unit: "binary", maxLength: 12 }).map((s) => s + (s.length % 3 === 0 ? "\ud800" : ""));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(text, { minLength: 1, maxLength: 6 }), async (names) => {
        let journal = await open();
        for (const name of names) await append(journal, `f/${name}`, { name }, { idempotencyKey: `do ${name}` });
        journal = await reopen(journal);
        expect(await journal.keys("")).toEqual(names.map((name) => `f/${name}`).toSorted());
        for (const name of names) {
          expect((await journal.head(`f/${name}`))?.state).toEqual({ name });
          expect((await journal.committed(`do ${name}`)).map(({ key }) => key)).toEqual([`f/${name}`]);
        }
        await clear();
      }),
      { numRuns: 20 },
    );
  });

  it("has any field that a version's meta has", async () => {
    let journal = await open();
    const more = { cause: "run/1#score", schema: 3, forkOf: { key: "b/1", version: 2 } } as Partial<Snapshot>;
    const snapshot = await append(journal, "a/1", { n: 1 }, more);
    journal = await reopen(journal);
    expect(await journal.head("a/1")).toEqual(snapshot);
  });

  it("takes long idempotency keys, and refuses keys that are too long", async () => {
    const journal = await open();
    const long = "x".repeat(5_000);
    await append(journal, "a/1", { n: 1 }, { idempotencyKey: long });
    expect(await journal.committed(long)).toHaveLength(1);
    expect(await journal.committed(`${long}y`)).toEqual([]);
    expect(await failure(append(journal, `a/${long}`, { n: 1 }))).toMatchObject({ code: "key-too-long" });
    expect(await journal.head("a/1")).toBeDefined();
  });

  it("is the same by a peek, which keeps nothing in memory", async () => {
    let journal = await open();
    for (const n of [1, 2, 3]) await append(journal, "a/1", { n, more: { list: [1, 2, 3] } });
    const whole = await journal.head("a/1");
    expect(await journal.peek("a/1")).toBe(whole);
    journal = await reopen(journal);
    expectSame(await journal.peek("a/1"), whole);
    expect(isDeeplyFrozen(await journal.peek("a/1"))).toBe(true);
    expect(await journal.peek("a/1")).not.toBe(await journal.peek("a/1"));
    expect(await journal.peek("a/2")).toBeUndefined();
    const head = await journal.head("a/1");
    expect(await journal.peek("a/1")).toBe(head);
  });

  it("shares structure between versions that are read one after the other", async () => {
    let journal = await open();
    for (let n = 1; n <= 3; n++) await append(journal, "a/1", { n, big: { text: "the same" } });
    journal = await reopen(journal);
    const [first, second, third] = (await journal.records("a/1", 1, 3)).map(
      ({ snapshot }) => snapshot.state as { big: object },
    );
    expect(second?.big).toBe(first?.big);
    expect(third?.big).toBe(second?.big);
    expect(await journal.head("a/1")).toBe(await journal.head("a/1"));
  });
});

describe("appends that come together", () => {
  it("take effect in their order, and are acknowledged when they are kept", async () => {
    const journal = await open();
    const all = Array.from({ length: 50 }, (_, i) =>
      Promise.resolve(journal.append([recordOf(`a/${i % 3}`, Math.floor(i / 3) + 1, i + 1)])),
    );
    expect(await journal.head("a/0")).toBeUndefined();
    await Promise.all(all);
    expect(await journal.head("a/0")).toMatchObject({ version: 17 });
  });

  it("are seen at once in relaxed mode, also by reads that need the disk", async () => {
    const journal = await open(newDirectory(), { durability: "relaxed" });
    const record = recordOf("a/1", 1, 1, { idempotencyKey: "once" });
    expect(journal.append([record])).toBeUndefined();
    expect(journal.append([recordOf("a/1", 2, 2)])).toBeUndefined();
    expect(journal.head("a/1")).toEqual(recordOf("a/1", 2, 2).snapshot);
    const reads = [journal.at("a/1", 1), journal.committed("once"), journal.keys(""), journal.oldest("a/1")];
    expect(await Promise.all(reads.map(async (read) => read))).toEqual([
      record.snapshot,
      [record.snapshot],
      ["a/1"],
      1,
    ]);
  });
});

describe("while commits keep coming", () => {
  it.each(["sync", "relaxed"] as const)(
    "trims, compacts and answers all the same, and loses nothing (%s)",
    async (durability) => {
      const directory = newDirectory();
      const journal = await open(directory, { durability });
      const keys = ["a/0", "a/1", "a/2", "a/3"];
      const versions = 120;
      let position = 0;
      const beside: Promise<unknown>[] = [];
      const trim = async (key: string, oldest: number): Promise<void> => journal.trim(key, oldest);
      const compact = async (): Promise<void> => journal.compact();
      const read = async (key: string, version: number): Promise<void> => {
        expect((await journal.at(key, version))?.version).toBe(version);
        expect(await journal.committed(`${key}@${version}`)).toHaveLength(1);
      };
      await Promise.all(
        keys.map(async (key, hops) => {
          for (let version = 1; version <= versions; version++) {
            await journal.append([recordOf(key, version, ++position, { idempotencyKey: `${key}@${version}` })]);
            beside.push(read(key, version));
            if (version % 7 === 0) beside.push(trim(key, version - 9), trim(key, version - 8));
            if (version % 40 === hops) beside.push(compact(), compact());
            for (let i = 0; i < hops; i++) await Promise.resolve();
            if (durability === "relaxed" && version % 5 === 0) await settleAll();
          }
        }),
      );
      await Promise.all(beside);
      const again = await reopen(journal);
      for (const key of keys) expect((await again.head(key))?.version).toBe(versions);
      for (const key of keys) expect(await again.oldest(key)).toBe(versions - (versions % 7) - 8);
      await clear();
    },
  );

  it("is as whole on disk", async () => {
    const directory = newDirectory();
    const journal = await open(directory);
    const appended = Array.from({ length: 30 }, async (_, i) => {
      await journal.append([recordOf("a/1", i + 1, i + 1, { idempotencyKey: `do ${i + 1}` })]);
      if (i % 4 === 0) await Promise.all([journal.trim("a/1", i - 2), journal.compact(), journal.trim("a/1", i)]);
    });
    await Promise.all(appended);
    await journal.trim("a/1", 28);
    await journal.close();
    expect(await verifyJournal(directory)).toMatchObject({ versions: 3, damages: [] });
  });
});

describe("a journal that is closed", () => {
  it("answers nothing, and says so", async () => {
    const journal = await open();
    await append(journal, "a/1", { n: 1 });
    const closing = journal.close();
    for (let i = 0; i < 2; i++) {
      for (const use of [
        async () => journal.head("a/1"),
        async () => journal.at("a/1", 1),
        async () => journal.keys(""),
        async () => journal.committed("once"),
        async () => journal.append([recordOf("a/1", 2, 2)]),
        async () => journal.trim("a/1", 1),
        async () => journal.compact(),
      ])
        expect(await failure(use())).toMatchObject({
          code: "journal-failed",
          message: expect.stringContaining("is closed") as string,
        });
      await closing;
    }
  });
});

describe("one owner", () => {
  it("is refused to a second one in the same process, and given back by close", async () => {
    const directory = newDirectory();
    const journal = await open(directory);
    for (let i = 0; i < 2; i++) {
      expect(await failure(lmdbJournal(directory))).toMatchObject({
        code: "journal-in-use",
        details: { pid: process.pid },
      });
    }
    await journal.close();
    await journal.close();
    await (await open(directory)).close();
  });

  it("follows one that is gone, whatever process has its number now", async () => {
    const directory = newDirectory();
    await (await open(directory)).close();
    const [owner = ""] = readdirSync(directory).filter((name) => name.startsWith("owner-"));
    const gone = [{ pid: 2 ** 22 + 1 }, { pid: process.pid, started: "1" }, { pid: process.pid, boot: "another" }];
    for (const claim of [...gone.map((identity) => JSON.stringify(identity)), "", "{"]) {
      for (const name of readdirSync(directory)) if (name.startsWith("owner-")) rmSync(join(directory, name));
      writeFileSync(join(directory, owner), claim);
      await (await open(directory)).close();
    }
    expect(readdirSync(directory).filter((name) => name.startsWith("owner-"))).toHaveLength(1);
  });

  it("is one of many that want to be at once", async () => {
    const directory = newDirectory();
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => lmdbJournal(directory)));
    const opened = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    expect(opened).toHaveLength(1);
    for (const journal of opened) await journal.close();
  });

  it("is refused to another thread", async () => {
    const directory = newDirectory();
    await open(directory);
    const code = `
      const { parentPort, workerData } = require("node:worker_threads");
      import("troupe").then(({ lmdbJournal }) => lmdbJournal(workerData)).then(
        () => parentPort.postMessage("opened"), (error) => parentPort.postMessage(error.code));`;
    const worker = new Worker(code, { eval: true, workerData: directory });
    expect(await new Promise((resolve) => worker.once("message", resolve))).toBe("journal-in-use");
    await worker.terminate();
  });
});

describe("opened readOnly", () => {
  it("reads beside the owner what the owner has written since, and writes nothing", async () => {
    const directory = newDirectory();
    const owner = await open(directory);
    await append(owner, "a/1", { n: 1 });
    const reader = await open(directory, { readOnly: true });
    expect((await reader.head("a/1"))?.version).toBe(1);
    await append(owner, "a/1", { n: 2 });
    expect((await reader.head("a/1"))?.version).toBe(2);
    expect(await reader.keys("")).toEqual(["a/1"]);
    for (const write of [
      async () => reader.append([recordOf("a/1", 3, 9)]),
      async () => reader.trim("a/1", 2),
      async () => reader.compact(),
    ])
      expect(await failure(write())).toMatchObject({ code: "journal-failed" });
    await reader.close();
    await append(owner, "a/1", { n: 3 });
  });

  it("makes nothing where there is nothing", async () => {
    const directory = newDirectory();
    for (const path of [directory, join(directory, "none")])
      expect(await failure(lmdbJournal(path, { readOnly: true }))).toMatchObject({ code: "no-such-journal" });
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe("the files", () => {
  it("shrink when what was trimmed is compacted, and answer the same", async () => {
    const directory = newDirectory();
    const journal = await open(directory);
    for (let n = 1; n <= 60; n++)
      await append(journal, "a/1", { n, text: "x".repeat(5_000 + n) }, { idempotencyKey: `do ${n}` });
    await append(journal, "b/1", { n: 0 });
    const sizeOf = (): number =>
      readdirSync(directory)
        .filter((name) => name.endsWith(".mdb"))
        .reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
    const before = sizeOf();
    const kept = await journal.records("a/1", 50, 60);
    await journal.trim("a/1", 50);
    await journal.compact();
    expect(sizeOf()).toBeLessThan(before / 2);
    expect((await journal.records("a/1", 50, 60)).map(({ snapshot }) => snapshot)).toEqual(
      kept.map(({ snapshot }) => snapshot),
    );
    await append(journal, "a/1", { n: 61 });
    await journal.close();
    expect(await verifyJournal(directory)).toMatchObject({ keys: 2, versions: 13, damages: [] });
  });

  it("refuse options that they don't know, and a path that is a file", async () => {
    const file = join(newDirectory(), "file");
    writeFileSync(file, "");
    expect(await failure(lmdbJournal(file))).toMatchObject({ code: "no-such-journal" });
    for (const options of [{ durability: "most" }, { readonly: true }, { readOnly: "yes" }, null]) {
      const directory = newDirectory();
      expect(await failure(lmdbJournal(directory, options as never))).toMatchObject({ code: "invalid-options" });
      expect(readdirSync(directory)).toEqual([]);
    }
    for (const path of ["", undefined, 7])
      expect(await failure(lmdbJournal(path as string))).toMatchObject({ code: "invalid-options" });
  });
});
