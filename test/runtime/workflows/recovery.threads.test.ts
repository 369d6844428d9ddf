/** Runs that outlive their system: invariant 11 for workflows, on real threads and a journal on disk. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Coordination,
  createSystem,
  type Journal,
  lmdbJournal,
  type Run,
  type System,
  type SystemEvent,
  type SystemOptions,
  TroupeError,
} from "troupe";
import { begunIn, changedUndertaking, monument, tally, undertaking } from "../../fixtures/undertaking.ts";
import { record, rejectionOf } from "../../fixtures/real-threads.ts";
import { allRuns, type FoundRun } from "../../../src/cli/journal/find-runs.ts";
import { nodeClock } from "../../../src/runtime/platform/node-clock.ts";
import { StoreAuthority } from "../../../src/store/authority/store-authority.ts";
import { OwnedStore } from "../../../src/store/owned-store.ts";
import { refusedRun } from "../../../src/workflows/history/refused-run.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "troupe-recovery-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const open = (options: SystemOptions = {}): Promise<System> =>
  createSystem({ threads: 1, journal: lmdbJournal(join(folder, "journal")), ...options });

const touch = (name: string): void => writeFileSync(join(folder, name), "");

async function startedStep(run: Run, step: string): Promise<void> {
  using events = record(run.events$);
  await events.first(({ event }) => event.type === "step-started" && event.step === step);
}

async function typesOf(run: Run): Promise<string[]> {
  return (await run.history()).map(({ event }) => ("step" in event ? `${event.type} ${event.step}` : event.type));
}

describe.each<Coordination>(["orchestrator", "relay"])(
  "a run that its system left unfinished, under the %s",
  (coordination) => {
    it("goes on from its last finished step; the step in flight is begun again under the same key", async () => {
      {
        await using system = await open({ coordination });
        const run = system.run(undertaking, { id: "a", folder, holdAt: "build" }, { id: "r" });
        await startedStep(run, "build");
      }
      touch("open");
      await using system = await open({ coordination });
      const run = await system.findRun("r");
      expect(await run.result).toMatchObject({ id: "a" });
      expect((await system.store.read(tally, "a")).entries).toEqual(["dig", "build", "paint"]);
      const begun = begunIn(folder);
      expect(begun.filter((line) => line === "dig r/dig")).toHaveLength(1);
      expect(begun.filter((line) => line === "build r/build").length).toBeGreaterThanOrEqual(1);
      expect(await typesOf(run)).toEqual([
        "run-started",
        "step-started dig",
        "step-finished dig",
        "step-started build",
        "run-recovered",
        "step-started build",
        "step-finished build",
        "step-started paint",
        "step-finished paint",
        "run-ended",
      ]);
    });

    it("goes on undoing where it was", async () => {
      {
        await using system = await open({ coordination });
        const task = { id: "a", folder, holdAt: "undo-build", fails: ["paint"] };
        const run = system.run(undertaking, task, { id: "r" });
        using events = record(run.events$);
        await events.first(({ event }) => event.type === "compensation-started");
      }
      touch("open");
      await using system = await open({ coordination });
      const run = await system.findRun("r");
      expect(await rejectionOf(run.result)).toMatchObject({ code: "step-failed", details: { step: "paint" } });
      expect((await system.store.read(tally, "a")).entries).toEqual(["dig", "build", "undo-build", "undo-dig"]);
    });

    it("keeps its deadline", async () => {
      {
        await using system = await open({ coordination });
        await system.deploy(undertaking); // so that the run has all of its time for the step
        const run = system.run(undertaking, { id: "a", folder, holdAt: "dig" }, { id: "r", timeout: 5_000 });
        await startedStep(run, "dig");
      }
      await using system = await open({ coordination });
      const run = await system.findRun("r");
      expect(await rejectionOf(run.result)).toMatchObject({ code: "timed-out", details: { run: "r" } });
      expect((await system.store.read(tally, "a")).entries).toEqual([]);
    });
  },
);

describe.each<Coordination>(["orchestrator", "relay"])(
  "a run that isn't gone on with, under the %s",
  (coordination) => {
    it("is cancelled without beginning again what was in flight (invariants 5, 11)", async () => {
      {
        await using system = await open({ coordination });
        await startedStep(system.run(undertaking, { id: "a", folder, holdAt: "build" }, { id: "r" }), "build");
      }
      touch("open"); // what is begun again now would finish
      await using system = await open({ coordination, recover: false });
      const run = await system.findRun("r");
      await run.cancel("enough");
      expect(await rejectionOf(run.result)).toMatchObject({ code: "run-cancelled", details: { reason: "enough" } });
      expect((await system.store.read(tally, "a")).entries).toEqual(["dig", "undo-dig"]);
      expect((await typesOf(run)).slice(4)).toEqual([
        "run-recovered",
        "cancel-requested",
        "compensation-started dig",
        "compensation-finished dig",
        "run-ended",
      ]);
      await run.cancel("again"); // does nothing
    });
  },
);

describe("the runs to go on with", () => {
  it("may be named", async () => {
    {
      await using system = await open();
      const runs = ["r", "s"].map((id) => system.run(undertaking, { id, folder, holdAt: "build" }, { id }));
      await Promise.all(runs.map((run) => startedStep(run, "build")));
    }
    touch("open");
    await using system = await open({ recover: ["s"] });
    expect(await (await system.findRun(undertaking, "s")).result).toMatchObject({ id: "s" });
    expect(await typesOf(await system.findRun(undertaking, "r"))).not.toContain("run-recovered");
  });

  it("are found as runs of their workflow and of no other, before they begin and after they have ended", async () => {
    await using system = await open({ maxRuns: 1 });
    const first = system.run(undertaking, { id: "a", folder, holdAt: "build" }, { id: "a" });
    const second = system.run(undertaking, { id: "b", folder }, { id: "b" }); // waits for its turn
    const refusal = {
      code: "no-such-run",
      message: expect.stringContaining("no run b of monument@1.0.0: the run b is one of undertaking@1.0.0"),
      details: { run: "b", workflow: "monument@1.0.0", found: "undertaking@1.0.0" },
    };
    expect(await system.findRun(undertaking, "b")).toBe(second);
    expect(await rejectionOf(system.findRun(monument, "b"))).toMatchObject(refusal);
    touch("open");
    await Promise.all([first.result, second.result]);
    const { id } = await (await system.findRun(undertaking, "b")).result;
    expect(id).toBe("b");
    expect(await rejectionOf(system.findRun(monument, "b"))).toMatchObject(refusal);
    expect(await rejectionOf(system.findRun(undefined as never, "b"))).toMatchObject({ code: "invalid-options" });
  });

  it("have to be there", async () => {
    expect(await rejectionOf(open({ recover: ["nobody"] }))).toMatchObject({ code: "no-such-run" });
    await (await open()).close(); // nothing was left open
  });
});

describe("a run that can't go on", () => {
  it("is refused with an explanation when its workflow changed under the same version, and stays as it is", async () => {
    {
      await using system = await open();
      await startedStep(system.run(undertaking, { id: "a", folder, holdAt: "build" }, { id: "r" }), "build");
    }
    {
      await using system = await open({ workflows: [changedUndertaking] });
      using told = record(system.events$); // after it was refused
      expect(told.values).toMatchObject([{ type: "run-refused", run: "r", error: { code: "workflow-changed" } }]);
      const run = await system.findRun("r");
      expect(await rejectionOf(run.result)).toMatchObject({
        code: "workflow-changed",
        message: expect.stringContaining("its steps or contracts have changed since") as string,
      });
    }
    const listed = async (): Promise<unknown> => {
      const journal = await lmdbJournal(join(folder, "journal"), { readOnly: true });
      const authority = new StoreAuthority({ journal, clock: nodeClock() });
      const store = new OwnedStore(authority, { author: "test", remembersReads: false });
      const found: FoundRun[] = [];
      for await (const one of allRuns(store, () => undefined)) found.push(one);
      await authority.close();
      return found;
    };
    const refusal = { code: "workflow-changed", message: expect.stringContaining("under the same version") as string };
    expect(await listed()).toMatchObject([{ run: "r", refused: refusal }]);
    await using system = await open({ recover: false });
    expect(await system.store.history(refusedRun, "r")).toHaveLength(1);
    await system.close();
    await (await open({ workflows: [changedUndertaking] })).close(); // refused once more, and noted already
    touch("open");
    await using another = await open();
    using told = record(another.events$);
    expect(told.values).toMatchObject([{ type: "run-recovered", run: "r" }]);
    expect(await (await another.findRun("r")).result).toMatchObject({ id: "a" });
    expect(await another.store.history(refusedRun, "r")).toHaveLength(1);
    await another.close();
    expect(await listed()).toEqual([expect.not.objectContaining({ refused: expect.anything() as unknown })]);
  });

  it("is refused when it can't be read, and keeps no other from going on", async () => {
    {
      await using system = await open();
      for (const id of ["r", "s"])
        await startedStep(system.run(undertaking, { id, folder, holdAt: "build" }, { id }), "build");
    }
    touch("open");
    {
      const journal = await lmdbJournal(join(folder, "journal"));
      const damaged = new TroupeError("journal-corrupt", "the record of run/r is damaged", {
        details: { what: "flipped" },
      });
      const head: Journal["head"] = (key) => (key === "run/r" ? Promise.reject(damaged) : journal.head(key));
      const broken = new Proxy(journal, {
        get: (target, name) => {
          const value: unknown = name === "head" ? head : Reflect.get(target, name);
          return typeof value === "function" ? (value.bind(target) as unknown) : value;
        },
      });
      await using system = await createSystem({ threads: 2, journal: broken });
      expect(await (await system.findRun("s")).result).toMatchObject({ id: "s" });
      for (let n = 0; n < 20; n++) await system.run(undertaking, { id: `t${n}`, folder }).result;
    }
    await using system = await open();
    expect(await (await system.findRun("r")).result).toMatchObject({ id: "r" });
  });

  it("is not looked for where recovery is off", async () => {
    {
      await using system = await open();
      await startedStep(system.run(undertaking, { id: "a", folder, holdAt: "build" }, { id: "r" }), "build");
    }
    {
      await using system = await open({ recover: false });
      expect(await system.stats()).toMatchObject({ runs: { inFlight: 0 } });
      expect(await typesOf(await system.findRun("r"))).not.toContain("run-recovered");
    }
    await using system = await open();
    expect(await rejectionOf(system.findRun("nobody"))).toMatchObject({ code: "no-such-run" });
    expect(await typesOf(await system.findRun("r"))).toContain("run-recovered");
  });
});

describe("what could not be undone", () => {
  const fails = ["paint", "undo-build"];

  it("is tried again when an operator asks for it, and undoes the rest, in this process or a later one", async () => {
    {
      await using system = await open();
      const run = system.run(undertaking, { id: "a", folder, fails }, { id: "r" });
      expect(await rejectionOf(run.result)).toMatchObject({ code: "compensation-failed", details: { step: "build" } });
      const again = await run.retryCompensation();
      expect(await rejectionOf(again.result)).toMatchObject({
        code: "compensation-failed",
        details: { step: "build" },
      });
    }
    touch("mended");
    await using system = await open();
    const again = await (await system.findRun("r")).retryCompensation();
    expect(await rejectionOf(again.result)).toMatchObject({ code: "step-failed", details: { step: "paint" } });
    expect((await system.store.read(tally, "a")).entries).toEqual(["dig", "build", "undo-build", "undo-dig"]);
    expect(await rejectionOf(again.retryCompensation())).toMatchObject({ code: "not-admissible" });
  });

  it("is resolved when an operator says so, once", async () => {
    await using system = await open();
    const run = system.run(undertaking, { id: "a", folder, fails }, { id: "r" });
    expect(await rejectionOf(run.result)).toMatchObject({ code: "compensation-failed" });
    await run.resolve("torn down by hand");
    expect(await rejectionOf(run.resolve("again"))).toMatchObject({ code: "not-admissible" });
    const found = await system.findRun("r");
    expect(await rejectionOf(found.result)).toMatchObject({
      code: "run-resolved",
      details: { note: "torn down by hand" },
    });
    expect((await found.history()).at(-1)).toMatchObject({ event: { type: "run-ended", status: "resolved" } });
  });

  it("past the point of no return is not undone, and can't be cancelled or tried again", async () => {
    await using system = await open();
    const run = system.run(monument, { id: "a", folder, holdAt: "paint", fails: ["paint"] }, { id: "r" });
    await startedStep(run, "paint");
    expect(await rejectionOf(run.cancel())).toMatchObject({
      code: "past-point-of-no-return",
      details: { step: "build" },
    });
    touch("open");
    expect(await rejectionOf(run.result)).toMatchObject({
      code: "compensation-failed",
      details: { step: "build", failed: "paint" },
    });
    expect(await rejectionOf(run.retryCompensation())).toMatchObject({ code: "not-admissible" });
    expect((await system.store.read(tally, "a")).entries).toEqual(["dig", "build"]);
  });
});

describe("more runs than there may be", () => {
  it("wait, so many, and are refused beyond that or when they may not wait", async () => {
    await using system = await open({ maxRuns: 1, maxWaitingRuns: 1 });
    const task = { id: "a", folder, holdAt: "dig" };
    const first = system.run(undertaking, task);
    const second = system.run(undertaking, { ...task, id: "b" });
    let isStarted = false;
    void second.started.then(() => (isStarted = true));
    await first.started;
    expect(isStarted).toBe(false);
    expect(() => system.run(undertaking, task, { onOverload: "reject" })).toThrow(
      expect.objectContaining({ code: "overloaded" }),
    );
    expect(() => system.run(undertaking, task)).toThrow(
      expect.objectContaining({
        code: "overloaded",
        details: expect.objectContaining({ inFlight: 1, waiting: 1 }) as object,
      }),
    );
    touch("open");
    await Promise.all([first.result, second.result, second.started]);
  });
});

it("tells of the runs that it goes on with", async () => {
  {
    await using system = await open();
    await startedStep(system.run(undertaking, { id: "a", folder, holdAt: "build" }, { id: "r" }), "build");
  }
  touch("open");
  await using system = await open();
  const told: SystemEvent["type"][] = [];
  system.events$.subscribe(({ type }) => told.push(type));
  await (
    await system.findRun("r")
  ).result;
  expect(told).not.toContain("run-refused");
});
