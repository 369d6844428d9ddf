/** A system whose journal another process takes over: it refuses everything at once, and ends by itself, without the journal's help. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSystem, memoryJournal, type System } from "troupe";
import { adder, counter, tally } from "../../fixtures/actors.ts";
import { ledger } from "../../fixtures/durable-actors.ts";
import { sleeper } from "../../fixtures/emitters.ts";
import { type LosableJournal, losableJournal, lostTo } from "../../fixtures/losable-journal.ts";
import { record, rejectionOf } from "../../fixtures/real-threads.ts";
import { begunIn, undertaking } from "../../fixtures/undertaking.ts";

const lost = { code: "ownership-lost", details: { journal: "test", owner: "other" } };

let folder: string;
let journal: LosableJournal;
let system: System;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "troupe-lost-"));
  journal = losableJournal();
  system = await createSystem({ threads: 2, journal, logger: false });
});
afterEach(async () => {
  await system.close();
  rmSync(folder, { recursive: true });
});

describe("a system that has lost its journal", () => {
  it("says so, ends by itself, and closes its journal", async () => {
    using roles = record(system.role$);
    using events = record(system.events$);
    expect(roles.values).toEqual(["active"]);
    journal.lose();
    expect(roles.values).toEqual(["active", "lost"]);
    expect(events.values).toEqual([expect.objectContaining({ type: "ownership-lost", error: lostTo })]);
    await Promise.all([roles.end, events.end]);
    expect(roles.values).toEqual(["active", "lost", "ended"]);
    expect(journal.isClosed).toBe(true);
    using late = record(system.role$);
    expect(late.values).toEqual(["ended"]);
    await system.close();
  });

  it("takes nothing more: no read, commit, run or spawn", async () => {
    await system.store.commit(tally, "a", (draft) => void draft.n++);
    journal.lose();
    expect(await rejectionOf(system.store.read(tally, "a"))).toMatchObject(lost);
    expect(await rejectionOf(system.store.commit(tally, "a", (draft) => void draft.n++))).toMatchObject(lost);
    expect(await rejectionOf(system.spawn(counter))).toMatchObject(lost);
    expect(() => system.run(undertaking, { id: "a", folder })).toThrow(
      expect.objectContaining({ code: "ownership-lost" }),
    );
  });

  it("answers reads that the journal doesn't, with the same", async () => {
    journal.hold("reads");
    const reading = rejectionOf(system.store.read(tally, "a"));
    await journal.held(1);
    journal.lose();
    expect(await reading).toMatchObject(lost);
  });

  it("refuses reads of its threads, also of what they have in memory, and ends asks in flight as failed", async () => {
    await system.store.commit(tally, "a", (draft) => void draft.n++);
    const reader = await system.spawn(adder);
    await reader.ask("read", { key: "a" });
    const asleep = await system.spawn(sleeper);
    using events = record(asleep.events$);
    const sleeping = rejectionOf(asleep.ask("sleep" as never, undefined as never));
    await events.first();
    journal.lose();
    expect(await sleeping).toMatchObject({ outcome: "failed", code: "system-closed", mayHaveRun: true, cause: lostTo });
    expect(await rejectionOf(reader.ask("read", { key: "a" }))).toMatchObject({ code: "system-closed" });
  });

  it("leaves runs in flight as they are recorded, and tells their callers", async () => {
    const kept = memoryJournal();
    const losing = losableJournal(kept);
    await using first = await createSystem({ threads: 1, journal: losing, logger: false });
    const run = first.run(undertaking, { id: "a", folder, holdAt: "build" }, { id: "r" });
    using events = record(run.events$);
    await events.first(({ event }) => event.type === "step-started" && event.step === "build");
    losing.lose();
    expect(await rejectionOf(run.result)).toMatchObject({
      code: "ownership-lost",
      details: { run: "r", isRecorded: true, owner: "other" },
    });
    expect(await events.end).toEqual({});
    await first.close();
    writeFileSync(join(folder, "open"), "");
    await using next = await createSystem({ threads: 1, journal: kept, logger: false });
    expect(await (await next.findRun(undertaking, "r")).result).toMatchObject({ id: "a" });
    expect(begunIn(folder).filter((line) => line.startsWith("dig "))).toHaveLength(1);
  });
});

describe("a commit under way when the journal is lost", () => {
  const put = (): Promise<unknown> => system.store.put(tally, "a", { n: 1 });

  it("has an unknown outcome where the journal doesn't say", async () => {
    journal.hold("appends");
    const writing = rejectionOf(put());
    await journal.held(1);
    journal.lose();
    expect(await writing).toMatchObject({
      code: "outcome-unknown",
      details: { positions: [journal.position + 1] },
      cause: lostTo,
    });
  });

  it("is acknowledged where the journal says that it is kept, and refused where it isn't", async () => {
    journal.hold("appends");
    const first = put();
    const second = rejectionOf(system.store.put(tally, "b", { n: 1 }));
    await journal.held(2);
    let said = 0;
    journal.lose((answer) => (said++ === 0 ? answer.resolve() : answer.reject(lostTo)));
    expect(await first).toMatchObject({ version: 1 });
    expect(await second).toMatchObject({ code: "ownership-lost" });
  });

  it("isn't said to have had no effect, where a durable actor handled a message", async () => {
    const one = await system.spawn(ledger, { name: "one", placement: { thread: 1 } });
    await one.ask("add", { cents: 1 });
    journal.hold("appends");
    const adding = rejectionOf(one.ask("add", { cents: 2 }, { idempotencyKey: "two" }));
    await journal.held(1);
    journal.lose();
    expect(await adding).toMatchObject({ outcome: "failed", mayHaveRun: true });
  });

  it("isn't reported as undone either way, where it began a run", async () => {
    journal.hold("appends");
    const run = system.run(undertaking, { id: "a", folder });
    await journal.held(1);
    journal.lose();
    expect(await rejectionOf(run.started)).toMatchObject({ code: "outcome-unknown" });
    expect(await rejectionOf(run.result)).toMatchObject({ code: "outcome-unknown" });
  });
});
