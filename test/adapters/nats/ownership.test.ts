/** Who owns a journal on JetStream: one process at a time, by a lease, and nothing is kept of what an owner of before sends. */

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type NatsJournalOptions, natsJournal } from "../../../src/adapters/nats/nats-journal.ts";
import { isTroupeError } from "../../../src/errors/troupe-error.ts";
import { lmdbJournal } from "../../../src/store/journal/lmdb/lmdb-journal.ts";
import type { Journal } from "../../../src/store/journal/journal.ts";
import { streamOf as lookAt, takeByForce } from "../../nats/forged.ts";
import { hasNats, natsJournals, newStream } from "../../nats/journals.ts";
import { failure } from "../../store/support/failure.ts";
import { recordOf } from "../../store/support/requests.ts";

const { servers, open, reopen, streamOf } = natsJournals();

async function takenByForce(journal: Journal): Promise<void> {
  await takeByForce((await servers()).urls, streamOf(journal), journal.position);
}

function lostOf(journal: Journal): Promise<unknown> {
  const { lost } = journal;
  return new Promise((resolve) => {
    if (lost?.aborted === true) resolve(lost.reason);
    else lost?.addEventListener("abort", () => resolve(lost.reason));
  });
}

/** The last message of the stream that it is written to. */
async function lastOf(stream: string): Promise<number> {
  return lookAt((await servers()).urls, stream, async (log) => log.last());
}

/** How far the only copy in a directory is; 0 while there is none. */
async function positionOfCopy(directory: string): Promise<number> {
  try {
    const [copy = ""] = readdirSync(directory);
    const reader = await lmdbJournal(join(directory, copy, "0"), { readOnly: true });
    await reader.close();
    return reader.position;
  } catch (error) {
    if (!isTroupeError(error)) throw error;
    return 0;
  }
}

/** Makes its stream one that has the first messages only, as servers have it that lost the others. */
async function goBack(stream: string, last: number): Promise<void> {
  const { urls } = await servers();
  const name = await lookAt(urls, stream, async (log) => Promise.resolve(log.stream));
  const connection = await connect({ servers: [...urls] });
  const { streams, jetstream } = await jetstreamManager(connection).then((manager) => ({
    streams: manager.streams,
    jetstream: manager.jetstream(),
  }));
  const { config } = await streams.info(name);
  const kept: Uint8Array[] = [];
  for (let seq = 1; seq <= last; seq++) kept.push((await streams.getMessage(name, { seq }))?.data ?? new Uint8Array());
  await streams.delete(name);
  await streams.add(config);
  for (const bytes of kept) await jetstream.publish(`${name}.log`, bytes);
  await connection.close();
}

describe.skipIf(!hasNats())("the owner of a journal on JetStream", () => {
  it("is named to others", async () => {
    const journal = await open({ lease: 2_000 });
    const error = await failure(open({ stream: streamOf(journal) }));
    expect(error).toMatchObject({ code: "journal-in-use", details: { pid: process.pid } });
    expect(String(error)).toContain((error as { details: { owner: string } }).details.owner);
  });

  it("hands over when it closes, to one that waits and has read all of it", async () => {
    const journal = await open();
    await journal.append([recordOf("a/1", 1, 1)]);
    const next = open({ stream: streamOf(journal), wait: true });
    await journal.append([recordOf("a/1", 2, 2)]);
    await journal.close();
    const owner = await next;
    expect(owner.position).toBe(2);
    await owner.append([recordOf("a/1", 3, 3)]);
    expect(await owner.head("a/1")).toMatchObject({ version: 3 });
  });

  it("is followed when it isn't heard of for its lease, and a wait can be given up", async () => {
    const journal = await open({ lease: 60_000 });
    await takenByForce(journal); // by one that isn't heard of any more, with a lease of a second
    const aborter = new AbortController();
    const given = failure(open({ stream: streamOf(journal), wait: true, signal: aborter.signal }));
    const patient = open({ stream: streamOf(journal), wait: true });
    aborter.abort(new Error("enough"));
    expect(await given).toMatchObject({ message: "enough" });
    expect((await patient).lost?.aborted).toBe(false);
  });

  it("keeps nothing of an append once another process has taken over, and says so", async () => {
    const first = await open();
    await first.append([recordOf("a/1", 1, 1)]);
    await takenByForce(first);
    const error = await failure(Promise.resolve(first.append([recordOf("a/1", 2, 2), recordOf("b/1", 1, 2)])));
    expect(error).toMatchObject({ code: "ownership-lost", details: { epoch: 1, owner: "elsewhere:1:force" } });
    expect(first.lost?.reason).toBe(error);
    expect(() => first.head("a/1")).toThrow(error);
    expect(() => first.append([recordOf("a/1", 2, 2)])).toThrow(error);
    await first.close();
    const second = await open({ stream: streamOf(first), wait: true });
    expect(await second.head("a/1")).toMatchObject({ version: 1 });
    expect(await second.keys("")).toEqual(["a/1"]);
    await second.append([recordOf("a/1", 2, 2)]);
  });

  it("keeps nothing of a trim or a compaction, either", async () => {
    const first = await open();
    for (const n of [1, 2, 3]) await first.append([recordOf("a/1", n, n)]);
    await takenByForce(first);
    const trimmed = failure(Promise.resolve(first.trim("a/1", 3)));
    const compacted = failure(Promise.resolve(first.compact()));
    expect(await trimmed).toMatchObject({ code: "ownership-lost" });
    expect(await compacted).toMatchObject({ code: "ownership-lost" });
    const second = await open({ stream: streamOf(first), wait: true });
    expect(await second.oldest("a/1")).toBe(1);
  });

  it("learns that it has lost the journal while it does nothing", async () => {
    const first = await open({ lease: 1_000 });
    await takenByForce(first);
    expect(await lostOf(first)).toMatchObject({ code: "ownership-lost" });
  });

  it("renews its lease while it does nothing, and leaves one message of that", async () => {
    const journal = await open({ lease: 1_000 });
    const { urls } = await servers();
    const stream = streamOf(journal);
    const before = await lastOf(stream);
    while ((await lastOf(stream)) < before + 6) expect(journal.lost?.aborted).toBe(false);
    const left = await lookAt(urls, stream, async (log) => log.read(before + 1));
    expect(left.length).toBeLessThanOrEqual(3);
    await journal.append([recordOf("a/1", 1, 1)]);
    expect((await reopen(journal)).position).toBe(1);
  });

  it("stops when the servers have lost what they acknowledged, and names both positions", async () => {
    const journal = await open({ lease: 2_000 });
    for (const n of [1, 2, 3]) await journal.append([recordOf("a/1", n, n * 10)]);
    await goBack(streamOf(journal), 3); // taken, 10, 20
    const error = await failure(Promise.resolve(journal.append([recordOf("a/1", 4, 40)])));
    expect(error).toMatchObject({ code: "ownership-lost" }); // each answer said that it isn't kept
    expect(String(await lostOf(journal))).toMatch(/at position 20 .* was at position 30 /);
  });

  it("refuses servers that lose messages while it waits, and names both positions", async () => {
    const journal = await open({ lease: 60_000 });
    for (const n of [1, 2, 3]) await journal.append([recordOf("a/1", n, n * 10)]);
    const stream = streamOf(journal);
    const directory = mkdtempSync(join(tmpdir(), "troupe-copies-"));
    const next = failure(open({ stream, directory, wait: true, lease: 1_000 }));
    while ((await positionOfCopy(directory)) < 30) await new Promise<void>((resolve) => void setImmediate(resolve));
    await goBack(stream, 2);
    expect(String(await next)).toMatch(/at position 10 .* was at position 30 /);
    rmSync(directory, { recursive: true });
  });
});

describe.skipIf(!hasNats())("a journal on JetStream", () => {
  it("takes keys, authors, causes and idempotency keys of any text, and lists keys by their code units", async () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 12 }),
      fc
        .array(
          fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
          { maxLength: 6 },
        )
        .map((units) => units.join("")),
      fc.constantFrom("\0", "\ud800", "\udc00\ud800", "a\0b", "\uffff", "🙂", "", "%_\\'\""),
    );
    let journal = await open();
    let position = 0;
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(text, { minLength: 1, maxLength: 5 }), text, text, async (ids, author, cause) => {
        const prefix = `any${position}/`;
        const keys = ids.map((id) => `${prefix}${id}`);
        position++;
        const idempotencyKey = `${position}${cause}`;
        const records = keys.map((key) => recordOf(key, 1, position, { author, cause, idempotencyKey }));
        await journal.append(records);
        for (const key of keys) await journal.trim(key, 1);
        journal = await reopen(journal);
        expect(await journal.keys(prefix)).toEqual(keys.toSorted());
        expect(await journal.heads(keys)).toEqual(records.map(({ snapshot }) => snapshot));
        expect((await journal.committed(idempotencyKey)).map(({ key }) => key)).toEqual(keys);
      }),
      { numRuns: 15 },
    );
  });

  it("takes a commit that has no room in a message", async () => {
    let journal = await open();
    const state = Object.freeze({ n: 1, text: "x".repeat(3_000_000) });
    const large = recordOf("a/1", 1, 1, { state });
    await journal.append([{ ...large, patches: [{ op: "replace", path: [], value: state }] }]);
    await journal.append([recordOf("b/1", 1, 2)]);
    journal = await reopen(journal);
    expect(await journal.head("a/1")).toEqual(large.snapshot);
    await journal.compact();
    journal = await reopen(journal);
    expect(await journal.head("a/1")).toEqual(large.snapshot);
    expect(await journal.keys("")).toEqual(["a/1", "b/1"]);
  });

  it("goes on after a compaction, also for one that waits", async () => {
    const journal = await open();
    for (const n of [1, 2, 3]) await journal.append([recordOf("a/1", n, n)]);
    await journal.trim("a/1", 3);
    const next = open({ stream: streamOf(journal), wait: true });
    await journal.compact();
    await journal.append([recordOf("a/1", 4, 4)]);
    await journal.compact();
    await journal.append([recordOf("a/1", 5, 5)]);
    await journal.close();
    const owner = await next;
    expect((await owner.records("a/1", 1, 9)).map(({ snapshot }) => snapshot.version)).toEqual([3, 4, 5]);
    await owner.append([recordOf("a/1", 6, 6)]);
  });

  it.each<readonly [string, () => Promise<Journal>]>([
    ["a URL of something else", () => natsJournal("mysql://u:secret@h")],
    ["no server", () => natsJournal([])],
    ["an unknown option", () => natsJournal("nats://h", { table: "x" } as NatsJournalOptions)],
    ["too short a lease", () => natsJournal("nats://h", { lease: 10 })],
    ["a stream's name with a dot", () => natsJournal("nats://h", { stream: "a.b" })],
  ])("refuses %s", async (_what, make) => {
    const error = await failure(make());
    expect(error).toMatchObject({ code: "invalid-options" });
    expect(String(error)).not.toContain("secret");
  });

  it("says which servers can't be reached, without their password", async () => {
    const error = await failure(natsJournal("nats://u:secret@127.0.0.1:1"));
    expect(error).toMatchObject({ code: "journal-failed" });
    expect(String(error)).toContain("nats://127.0.0.1:1, stream troupe");
    expect(String(error)).not.toContain("secret");
  });

  it("is refused where its stream is in memory", async () => {
    const { urls } = await servers();
    const stream = newStream();
    const connection = await connect({ servers: [...urls] });
    const { streams } = await jetstreamManager(connection);
    await streams.add({ name: stream, subjects: [`${stream}.log`], storage: "memory" });
    await connection.close();
    expect(String(await failure(open({ stream })))).toContain("is in memory");
  });

  it("removes the copies of processes that were killed, and leaves those of others", async () => {
    const directory = mkdtempSync(join(tmpdir(), "troupe-copies-"));
    const [dead, other] = ["troupe-nats-copy-dead", "something-else"].map((name) => join(directory, name));
    for (const [path, pid] of [
      [dead, 4_194_305], // more than any process has
      [other, 4_194_305],
    ] as const) {
      mkdirSync(path as string);
      writeFileSync(join(path as string, "process.json"), JSON.stringify({ pid }));
    }
    const first = await open({ directory });
    const second = await open({ directory });
    expect(existsSync(dead as string)).toBe(false);
    expect(existsSync(other as string)).toBe(true);
    expect(readdirSync(directory)).toHaveLength(3);
    await first.close();
    await second.close();
    expect(readdirSync(directory)).toEqual(["something-else"]);
    rmSync(directory, { recursive: true });
  });

  it("is made once by several processes at a time", async () => {
    const stream = newStream();
    const all = [1, 2, 3].map(async () => open({ stream, wait: true }).then(async (journal) => journal.close()));
    expect(await Promise.all(all)).toHaveLength(3);
  });
});
