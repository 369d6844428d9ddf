import { firstValueFrom, toArray } from "rxjs";
import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { defineAgent } from "../../src/agents/agent-definition.ts";
import { TroupeError } from "../../src/errors/troupe-error.ts";
import type { Snapshot } from "../../src/store/versions/snapshot.ts";
import type { RunState } from "../../src/workflows/history/run-state.ts";
import { RunHandle, type RunHandlePorts } from "../../src/workflows/run-handle.ts";
import { RunSupervisor } from "../../src/workflows/supervisor/run-supervisor.ts";
import type { WorkflowDefinition } from "../../src/workflows/definition/workflow-definition.ts";
import { defineWorkflow } from "../../src/workflows/definition/define-workflow.ts";
import { codec, diamond, error, quiet as quietPorts } from "./support/example-workflow.ts";
import { MemoryRuns } from "./support/memory-runs.ts";

/** A handle's ports that only read. */
function portsOf(runs: MemoryRuns): RunHandlePorts {
  return {
    cancel: () => Promise.reject(new Error("not here")),
    listen: () => undefined,
    versions: async (id) => runs.versions(id),
    at: () => Promise.reject(new Error("not here")),
    newest: (id) => Promise.resolve(runs.versions(id).at(-1)),
    tell: () => Promise.reject(new Error("not here")),
    retryCompensation: () => Promise.reject(new Error("not here")),
    undo: () => Promise.reject(new Error("not here")),
    resolve: () => Promise.reject(new Error("not here")),
    codec,
  };
}

/** A run of the diamond that waits for what the test proposes. */
function begin(
  run = "r",
  workflow: WorkflowDefinition = diamond,
): {
  readonly handle: RunHandle<{ total: number }>;
  readonly supervisor: RunSupervisor;
  readonly runs: MemoryRuns;
} {
  const runs = new MemoryRuns();
  const handle = new RunHandle<{ total: number }>(run, workflow, {
    ...portsOf(runs),
    cancel: async ({ id }, reason) => supervisor.cancel(id, reason),
  });
  const supervisor = new RunSupervisor({
    commit: (subject, next) => runs.commit(subject, next),
    newest: (subject) => runs.newest(subject),
    send: () => undefined,
    onVersion: (_, snapshot) => handle.observe(snapshot),
    onBroken: (_, cause) => handle.break(cause),
    ...quietPorts,
  });
  void supervisor.start(run, workflow, { n: 1 });
  return { handle, supervisor, runs };
}

const done = (step: string, output: unknown = { n: 1 }) => ({ type: "step-finished", step, output }) as const;

function complete(supervisor: RunSupervisor): void {
  for (const step of ["a", "b", "c"]) void supervisor.propose("r", done(step));
  void supervisor.propose("r", done("d", { total: 9 }));
}

describe("a run's result", () => {
  it("is the output of the step declared last", async () => {
    const { handle, supervisor } = begin();
    complete(supervisor);
    expect(await handle.result).toEqual({ total: 9 });
  });

  it("rejects with the step that failed and what its agent threw", async () => {
    const { handle, supervisor } = begin();
    void supervisor.propose("r", { type: "step-failed", step: "a", error });
    await expect(handle.result).rejects.toMatchObject({
      code: "step-failed",
      message: expect.stringContaining('the step "a" failed: broken') as string,
      details: { run: "r", step: "a" },
      cause: expect.objectContaining({ message: "broken" }) as Error,
    });
  });

  it("rejects when the run was cancelled, with the reason", async () => {
    const { handle, supervisor } = begin();
    await handle.cancel("no longer needed");
    expect(supervisor.openRuns.ids).toEqual(["r"]); // a is in flight
    void supervisor.propose("r", done("a"));
    await expect(handle.result).rejects.toMatchObject({
      code: "run-cancelled",
      details: { run: "r", reason: "no longer needed" },
    });
    const quiet = begin();
    await quiet.handle.cancel();
    void quiet.supervisor.propose("r", done("a"));
    await expect(quiet.handle.result).rejects.toMatchObject({ code: "run-cancelled", details: { run: "r" } });
  });

  it("rejects when a compensation failed, naming its step", async () => {
    const { handle, supervisor } = begin();
    for (const step of ["a", "b"]) void supervisor.propose("r", done(step));
    void supervisor.propose("r", { type: "step-failed", step: "c", error });
    void supervisor.propose("r", { type: "compensation-failed", step: "b", error: { ...error, message: "too late" } });
    await expect(handle.result).rejects.toMatchObject({
      code: "compensation-failed",
      details: { run: "r", step: "b", failed: "c" },
      cause: expect.objectContaining({ message: "too late" }) as Error,
    });
  });

  it("rejects with what the step failed with, also when undoing what it may have done failed at first", async () => {
    const sender = defineAgent("test:agents", {
      name: "sender",
      version: "1.0.0",
      input: v.object({ n: v.number() }),
      output: v.object({ n: v.number() }),
      execute: ({ n }) => ({ n }),
      compensateUnknown: () => undefined,
      policies: { compensationRetry: { attempts: 2 } },
    });
    const letter = defineWorkflow("test:workflows", {
      name: "letter",
      version: "1",
      input: v.object({ n: v.number() }),
    }) //
      .step("send", sender, ({ input }) => input);
    const { handle, supervisor, runs } = begin("r", letter);
    const late = { kind: "troupe", name: "TroupeError", code: "timed-out", message: "too slow to be sent" } as const;
    void supervisor.propose("r", { type: "step-failed", step: "send", error: late });
    void supervisor.propose("r", {
      type: "compensation-failed",
      step: "send",
      error: { ...error, message: "no line" },
    });
    const again = { type: "compensation-started", step: "send", by: "relay", epoch: 1, attempt: 2 } as const;
    void supervisor.propose("r", again);
    void supervisor.propose("r", { type: "compensation-finished", step: "send", attempt: 2 });
    await expect(handle.result).rejects.toMatchObject({
      code: "step-failed",
      message: expect.stringContaining('the step "send" failed: too slow to be sent') as string,
      cause: expect.objectContaining({ message: "too slow to be sent" }) as Error,
    });
    const errors = (await handle.history()).flatMap(({ event }) =>
      "error" in event ? [[event.type, (event.error as Error).message]] : [],
    );
    expect(errors).toEqual([
      ["step-failed", "too slow to be sent"],
      ["compensation-failed", "no line"],
      ["run-ended", "too slow to be sent"],
    ]);
    expect(runs.versions("r").at(-1)?.state.status).toBe("failed");
  });

  it("rejects with the store's error when the run can't be recorded", async () => {
    const { handle, supervisor, runs } = begin();
    runs.failure = new Error("disk full");
    expect(() => supervisor.propose("r", done("a"))).toThrow("disk full");
    await expect(handle.result).rejects.toBe(runs.failure);
    await expect(firstValueFrom(handle.events$.pipe(toArray()))).rejects.toBe(runs.failure);
  });

  it("isn't affected by a reason to cancel, or a note, that is no text", async () => {
    const { handle, supervisor } = begin();
    const refusal = { code: "invalid-options", message: "cancel: reason is a string, not object" };
    await expect(handle.cancel(new Error("no longer needed") as never)).rejects.toMatchObject(refusal);
    await expect(handle.resolve(undefined as never)).rejects.toMatchObject({
      code: "invalid-options",
      message: "resolve: note is a string, not undefined",
    });
    complete(supervisor);
    expect(await handle.result).toEqual({ total: 9 });
  });

  it("may be left alone when it rejects", async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", note);
    try {
      const { supervisor } = begin();
      void supervisor.propose("r", { type: "step-failed", step: "a", error });
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).toEqual([]);
    } finally {
      process.off("unhandledRejection", note);
    }
  });
});

describe("a run's events", () => {
  const whole = [
    "run-started",
    "step-started",
    "step-finished",
    "step-started",
    "step-started",
    "step-finished",
    "step-finished",
    "step-started",
    "step-finished",
    "run-ended",
  ];

  it("come in order, from the first, to a subscriber that comes early, late or in between", async () => {
    const { handle, supervisor } = begin();
    const early: string[] = [];
    const between: string[] = [];
    handle.events$.subscribe(({ event }) => early.push(event.type));
    void supervisor.propose("r", done("a"));
    handle.events$.subscribe(({ event }) => between.push(event.type));
    complete(supervisor);
    const late = await firstValueFrom(handle.events$.pipe(toArray()));
    expect(early).toEqual(whole);
    expect(between).toEqual(whole);
    expect(late.map(({ event }) => event.type)).toEqual(whole);
    expect(late[0]).toMatchObject({ run: "r", version: 1, event: { input: { n: 1 }, workflow: { name: "diamond" } } });
    expect(late.at(-1)?.event).toEqual({ type: "run-ended", status: "completed", output: { total: 9 } });
  });

  it("are the run's history", async () => {
    const { handle, supervisor } = begin();
    expect((await handle.history()).map(({ event }) => event.type)).toEqual(["run-started", "step-started"]);
    complete(supervisor);
    expect(await handle.history()).toEqual(await firstValueFrom(handle.events$.pipe(toArray())));
  });

  it("stay in order when a subscriber causes the next ones", () => {
    const { handle, supervisor } = begin();
    const first: string[] = [];
    const second: string[] = [];
    handle.events$.subscribe(({ event }) => {
      first.push(event.type);
      // the version holds two more events behind this one
      if (event.type === "step-finished") {
        void supervisor.cancel("r");
        handle.events$.subscribe((record) => second.push(record.event.type));
      }
    });
    void supervisor.propose("r", done("a"));
    const expected = [
      "run-started",
      "step-started",
      "step-finished",
      "step-started",
      "step-started",
      "cancel-requested",
    ];
    expect(first).toEqual(expected);
    expect(second).toEqual(expected);
  });

  it("complete when the run has ended, also for a run that failed and for late subscribers", () => {
    for (const isWatched of [true, false]) {
      const { handle, supervisor } = begin();
      let completed = 0;
      if (isWatched) handle.events$.subscribe({ complete: () => completed++ });
      void supervisor.propose("r", { type: "step-failed", step: "a", error });
      handle.events$.subscribe({ complete: () => completed++ });
      expect(completed).toBe(isWatched ? 2 : 1);
    }
  });
});

describe("a run that was parked", () => {
  it("has its events read again for those who come later, in order, with what comes meanwhile", async () => {
    const { handle, supervisor } = begin();
    handle.rest();
    void supervisor.propose("r", done("a"));
    handle.rest();
    const heard = [0, 1].map(() => {
      const types: string[] = [];
      const ended = new Promise<string[]>((resolve, reject) => {
        handle.events$.subscribe({
          next: ({ event }) => types.push(event.type),
          complete: () => resolve(types),
          error: reject,
        });
      });
      expect(types).toEqual([]);
      return ended;
    });
    void supervisor.propose("r", done("b"));
    await Promise.resolve();
    void supervisor.propose("r", done("c"));
    void supervisor.propose("r", done("d", { total: 9 }));
    const all = (await handle.history()).map(({ event }) => event.type);
    expect(await Promise.all(heard)).toEqual([all, all]);
    expect(await handle.result).toEqual({ total: 9 });
    await handle.started;
  });

  it("has its events at hand again for code that asks for it, as has one that another process left", async () => {
    const { handle, supervisor, runs } = begin();
    handle.rest();
    void supervisor.propose("r", done("a"));
    const left = new RunHandle("r", diamond, portsOf(runs));
    left.goOnFrom(runs.versions("r").at(-1) as Snapshot<RunState>);
    for (const one of [handle, left]) {
      const types: string[] = [];
      (await one.recall()).events$.subscribe(({ event }) => types.push(event.type));
      expect(types).toEqual((await handle.history()).map(({ event }) => event.type));
    }
  });

  it("is read once where code asks for it while others listen", async () => {
    const { handle, runs } = begin();
    handle.rest();
    let reads = 0;
    const versions = runs.versions.bind(runs);
    runs.versions = (id) => (reads++, versions(id));
    const types: string[] = [];
    handle.events$.subscribe(({ event }) => types.push(event.type));
    await Promise.all([handle.recall(), handle.recall()]);
    expect(reads).toBe(1);
    expect(types).toEqual((await handle.history()).map(({ event }) => event.type));
  });

  it("says so to the code that asks for it when it can't be read, and is read for the next one", async () => {
    const { handle, runs } = begin();
    handle.rest();
    const versions = runs.versions.bind(runs);
    const failure = new Error("the disk is gone");
    runs.versions = () => {
      throw failure;
    };
    await expect(handle.recall()).rejects.toThrow(failure);
    runs.versions = versions;
    const types: string[] = [];
    (await handle.recall()).events$.subscribe(({ event }) => types.push(event.type));
    expect(types).toEqual((await handle.history()).map(({ event }) => event.type));
  });

  it("completes for those who listen when the system closes while it is read", async () => {
    const { handle, runs } = begin();
    handle.rest();
    runs.versions = () => {
      throw new TroupeError("system-closed", "the system is closed");
    };
    expect(await firstValueFrom(handle.events$.pipe(toArray()))).toEqual([]);
  });

  it("says so to those who listen when it can't be read", async () => {
    const { handle, runs } = begin();
    handle.rest();
    const failure = new Error("the disk is gone");
    runs.versions = () => {
      throw failure;
    };
    const heard = new Promise((_, reject) => handle.events$.subscribe({ error: reject }));
    await expect(heard).rejects.toThrow(failure);
  });
});
