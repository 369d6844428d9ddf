/** Waits on real threads and a journal on disk: what they hold, and what becomes of them as systems end and start. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Coordination, createSystem, lmdbJournal, type Run, type System, type SystemOptions } from "troupe";
import { patient, purchase } from "../../fixtures/purchase.ts";
import { record, rejectionOf } from "../../fixtures/real-threads.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "troupe-waits-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const open = (options: SystemOptions = {}): Promise<System> =>
  createSystem({ threads: 1, journal: lmdbJournal(join(folder, "journal")), ...options });

const approve = { approved: true, cents: 5 };

async function opened(run: Run, wait: string): Promise<void> {
  using events = record(run.events$);
  await events.first(({ event }) => event.type === "wait-opened" && event.step === wait);
}

const typesOf = async (run: Run): Promise<string[]> => (await run.history()).map(({ event }) => event.type);

describe.each<Coordination>(["orchestrator", "relay"])("a run that waits, by the %s", (coordination) => {
  it("has no place among the runs in flight, and takes none from others", async () => {
    await using system = await createSystem({ threads: 1, coordination, maxRuns: 1 });
    const first = system.run(purchase, { cents: 1 }, { id: "first" });
    await opened(first, "approval");
    expect((await system.stats()).runs).toEqual({ inFlight: 0, waiting: 0, parked: 1 });
    const second = system.run(purchase, { cents: 2 }, { id: "second", onOverload: "reject" });
    await second.tell("approval", { approved: false, cents: 0 });
    await expect(second.result).resolves.toEqual({ paid: 0 });
    await first.tell("approval", approve);
    await expect(first.result).resolves.toEqual({ paid: 5 });
    expect((await system.stats()).runs).toEqual({ inFlight: 0, waiting: 0, parked: 0 });
  });

  it("holds no shutdown up, and goes on with its answer in the next system", async () => {
    const before = await open({ coordination });
    const run = before.run(purchase, { cents: 1 }, { id: "r" });
    await opened(run, "approval");
    expect(await before.shutdown()).toEqual({ unfinished: ["r"], notStarted: [] });
    await expect(run.tell("approval", approve)).rejects.toMatchObject({ code: "system-closed" });

    await using system = await open({ coordination });
    expect((await system.stats()).runs).toEqual({ inFlight: 0, waiting: 0, parked: 1 });
    const found = await system.findRun(purchase, "r");
    await found.tell("approval", approve, { by: "ada" });
    await expect(found.result).resolves.toEqual({ paid: 5 });
    expect(await typesOf(found)).toEqual([
      "run-started",
      "step-started",
      "step-finished",
      "wait-opened",
      "run-recovered",
      "wait-answered",
      "step-finished",
      "step-started",
      "step-finished",
      "run-ended",
    ]);
    const late = await rejectionOf(found.tell("approval", approve));
    expect(late).toMatchObject({
      code: "not-admissible",
      details: { run: "r", status: "completed", wait: "approval", by: "ada", version: expect.any(Number) as number },
    });
  });

  it("is taken up for an answer by a system that has not gone on with it", async () => {
    const before = await open({ coordination });
    await opened(before.run(purchase, { cents: 1 }, { id: "r" }), "approval");
    await before.close();
    await using system = await open({ coordination, recover: false });
    const found = await system.findRun(purchase, "r");
    await found.tell("approval", approve, { idempotencyKey: "k" });
    await found.tell("approval", approve, { idempotencyKey: "k" });
    await expect(found.result).resolves.toEqual({ paid: 5 });
  });

  it("rests until its time, also where that came while no process was running", async () => {
    const before = await open({ coordination });
    const soon = before.run(patient, { until: Date.now() + 1 }, { id: "soon" });
    await expect(soon.result).resolves.toEqual({ paid: 1 });
    const late = before.run(patient, { until: Date.now() + 1e12 }, { id: "late" });
    await opened(late, "rest");
    await before.close();
    await using system = await open({ coordination });
    const found = await system.findRun(patient, "late");
    await found.cancel("enough");
    await expect(found.result).rejects.toMatchObject({ code: "run-cancelled" });
  });
});

describe("tell", () => {
  it("refuses what no wait takes, and says so", async () => {
    await using system = await createSystem({ threads: 1 });
    const run: Run = system.run(purchase, { cents: 1 }, { id: "r" });
    await expect(run.tell("approval", { approved: "yes" })).rejects.toMatchObject({
      code: "contract-violated",
      details: { agent: "purchase.approval", direction: "answer", path: "approved", received: '"yes"' },
    });
    expect(await rejectionOf(run.tell("aproval", approve))).toMatchObject({
      code: "invalid-options",
      message: expect.stringContaining('has no wait, and no loop with an inbox, "aproval"; it has approval') as string,
    });
    expect(await rejectionOf(run.tell("approval", approve, { by: 7 as never }))).toMatchObject({
      code: "invalid-options",
    });
    await run.cancel();
    expect(await rejectionOf(run.tell("approval", approve))).toMatchObject({
      code: "not-admissible",
      details: { wait: "approval" },
    });
  });
});
