/** The commands that go on with runs, over a journal in memory and a system that is none. */

import { join } from "node:path";
import { of, Subject } from "rxjs";
import { beforeEach, describe, expect, it } from "vitest";
import type { Run } from "../../../src/workflows/run.ts";
import type { RunRecord } from "../../../src/workflows/history/run-history.ts";
import { commandLine } from "../../../src/cli/command-line.ts";
import type { ErrorCode } from "../../../src/errors/error-code.ts";
import { TroupeError } from "../../../src/errors/troupe-error.ts";
import type { ForkOptions } from "../../../src/runtime/workflows/fork-options.ts";
import type { SystemOptions } from "../../../src/runtime/system/system-options.ts";
import type { Journal } from "../../../src/store/journal/journal.ts";
import { corruptVersion } from "../../../src/store/journal/records/corrupt-record.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import { fakePorts } from "../fake-ports.ts";
import { fakeTerminal } from "../fake-terminal.ts";
import { failed, finished, notUndone, parcel, StoredRuns } from "../stored-runs.ts";
import { temporaryFiles } from "../temporary-files.ts";

const { folder, write } = temporaryFiles();

let journal: Journal;
let stored: StoredRuns;

/** Two runs that have not ended, one that completed and one that waits for a person. */
beforeEach(() => {
  journal = memoryJournal();
  stored = new StoredRuns(journal, Date.UTC(2026, 0, 31, 12));
  const torn = [notUndone("pack", "torn"), { type: "pass" }, notUndone("pack", "torn", 2)] as const;
  stored.run("stuck", parcel, finished("pack"), { type: "cancel" }, failed("post", "gone"), ...torn);
  stored.run("done", parcel, finished("pack"), finished("post"), finished("pay"));
  stored.run("a", parcel, finished("pack"));
  stored.run("b", parcel);
});

type End = { readonly result: unknown } | { readonly error: unknown } | "never";

/** A system whose runs end as they are told to. */
function fakeSystem(ends: Readonly<Record<string, End>>) {
  const asked: string[] = [];
  const options: SystemOptions[] = [];
  let closed = 0;
  const runOf = (id: string): Run => {
    const end = ends[id] ?? "never";
    const result = new Promise((resolve, reject) => {
      if (end === "never") return;
      if ("result" in end) resolve(end.result);
      else reject(end.error);
    });
    result.catch(() => undefined);
    const record: RunRecord = { run: id, version: 1, time: 0, event: { type: "compensation-retried" } };
    return {
      id,
      result,
      started: Promise.resolve(),
      events$: of(record),
      stream$: of({ kind: "event", record }),
      stream: async function* () {
        yield { kind: "event", record } as const;
      },
      text: () => of(""),
      cancel: async (reason) => void asked.push(`cancel ${id} ${reason ?? "without a reason"}`),
      tell: async (wait, answer, { by = "someone" } = {}) =>
        void asked.push(`tell ${id} ${wait} ${JSON.stringify(answer)} by ${by}`),
      retryCompensation: async () => {
        asked.push(`retry ${id}`);
        return runOf(id);
      },
      undo: async (reason) => {
        asked.push(`undo ${id} ${reason ?? "without a reason"}`);
        return runOf(id);
      },
      resolve: async (note) => void asked.push(`resolve ${id} ${note}`),
      history: async () => [],
      pending: async () => [],
      why: async () => "",
      trace: async () => [],
      view: async () => ({
        run: id,
        workflow: "w@1",
        status: "running",
        isParked: false,
        coordination: "relay",
        version: 1,
        changed: 0,
        steps: {},
        outputs: {},
      }),
    };
  };
  return {
    asked,
    options,
    closed: () => closed,
    start: async (given: SystemOptions) => {
      options.push(given);
      await ((await given.journal) as Journal | undefined)?.close();
      return {
        run: () => {
          throw new Error("these commands start no run");
        },
        findRun: async (id: string) => runOf(id),
        forkRun: async (run: string, { id = "new", ...more }: ForkOptions) => {
          asked.push(`fork ${run} ${JSON.stringify(more)}`);
          return runOf(id);
        },
        close: async () => void closed++,
      };
    },
  };
}

function begin(args: readonly string[], ends: Readonly<Record<string, End>> = {}) {
  const terminal = fakeTerminal(folder);
  const system = fakeSystem(ends);
  const opened: { path: string; readOnly: boolean }[] = [];
  const ports = fakePorts({
    start: system.start,
    openJournal: async (path, { readOnly }) => {
      opened.push({ path, readOnly });
      return { ...journal, position: journal.position, time: journal.time, close: () => undefined };
    },
  });
  const [command = "", ...rest] = args;
  const code = commandLine([command, "--journal", "data", ...rest], terminal, ports);
  return { code, terminal, system, opened };
}

async function troupe(args: readonly string[], ends?: Readonly<Record<string, End>>) {
  const { code, terminal, ...rest } = begin(args, ends);
  return { code: await code, out: terminal.printed, notes: terminal.notes, ...rest };
}

const error = (code: ErrorCode, message: string, details = {}, cause?: unknown): End => ({
  error: new TroupeError(code, message, { details, ...(cause === undefined ? {} : { cause }) }),
});
const good: End = { result: { n: 1 } };

describe("troupe resume", () => {
  it("goes on with all runs that have not ended, and says how each did", async () => {
    const { code, out, notes, system, opened } = await troupe(["resume"], { a: good, b: good });
    expect([code, out.toSorted()]).toEqual([0, ['a: completed {"n":1}', 'b: completed {"n":1}']]);
    expect(notes).toEqual(["2 runs: 2 completed"]);
    expect(system.options).toEqual([
      {
        journal: expect.any(Promise) as unknown,
        recover: ["a", "b"],
        workflows: [],
        coordination: "orchestrator",
        logger: false,
      },
    ]);
    expect(opened).toEqual([
      { path: join(folder, "data"), readOnly: true },
      { path: join(folder, "data"), readOnly: false },
    ]);
    expect(system.closed()).toBe(1);
  });

  it("goes on with those that are named, each once", async () => {
    const { code, out, notes, system } = await troupe(["resume", "b", "b"], { b: good });
    expect([code, out, notes]).toEqual([0, ['b: completed {"n":1}'], []]);
    expect(system.options[0]?.recover).toEqual(["b"]);
  });

  it("passes on what its system is to be", async () => {
    write(
      "moved.mjs",
      `const flow = { kind: "workflow", module: import.meta.url, name: "flow", version: "1", steps: [] };
       export const early = flow; export const late = { ...flow, steps: [1] };
       export const other = { ...flow, name: "other" };`,
    );
    const one = ["--coordination", "relay", "--threads", "3", "--module", "moved.mjs#other", "--module", "moved.mjs"];
    const { system } = await troupe(["resume", "a", ...one], { a: good });
    expect(system.options).toMatchObject([
      {
        coordination: "relay",
        threads: 3,
        workflows: [{ name: "other" }, { name: "flow", steps: [1] }, { steps: [] }, { name: "other" }],
      },
    ]);
  });

  it.each<[string, End, string, unknown]>([
    [
      "failed",
      error("step-failed", "it did", { step: "post" }, new Error("shut")),
      "a: failed: agent poster@1.0.0, step post: shut",
      { code: "step-failed", message: "agent poster@1.0.0, step post: shut" },
    ],
    [
      "cancelled",
      error("run-cancelled", "it was", { reason: "too\nlate" }),
      "a: cancelled: too late",
      { code: "run-cancelled", message: "cancelled: too late" },
    ],
    ["cancelled", error("run-cancelled", "it was"), "a: cancelled", { code: "run-cancelled", message: "cancelled" }],
    [
      "cancelled",
      error("timed-out", "its deadline passed"),
      "a: cancelled: its deadline passed",
      { code: "timed-out", message: "its deadline passed" },
    ],
    [
      "compensation-failed",
      error("compensation-failed", "it did", { step: "pack" }, new Error("torn")),
      "a: compensation-failed: agent packer@1.0.0, step pack: could not be undone: torn",
      { code: "compensation-failed", message: "agent packer@1.0.0, step pack: could not be undone: torn" },
    ],
    [
      "compensation-failed",
      error("compensation-failed", "nothing is undone", { step: "pack", isPivot: true }, new Error("torn")),
      "a: compensation-failed: nothing is undone",
      { code: "compensation-failed", message: "nothing is undone" },
    ],
    [
      "refused",
      error("workflow-changed", "its steps have changed"),
      "a: refused: its steps have changed",
      { code: "workflow-changed", message: "its steps have changed" },
    ],
    [
      "unfinished",
      error("journal-failed", "disk full"),
      "a: unfinished: disk full",
      { code: "journal-failed", message: "disk full" },
    ],
    ["unfinished", { error: new Error("odd") }, "a: unfinished: odd", { code: "unexpected", message: "odd" }],
  ])("says that a run is %s, and why", async (status, end, line, described) => {
    const { code, out } = await troupe(["resume"], { a: end, b: good });
    expect(code).toBe(1);
    expect(out).toContain(line);
    const json = await troupe(["resume", "a", "--json"], { a: end });
    expect(json.out.map((each) => JSON.parse(each) as unknown)).toEqual([{ run: "a", status, error: described }]);
  });

  it("prints results as JSON, and stacks with --verbose", async () => {
    expect((await troupe(["resume", "a", "--json"], { a: { result: { n: 1n } } })).out).toEqual([
      '{"run":"a","status":"completed","result":{"n":"1"}}',
    ]);
    const { out, notes } = await troupe(["resume", "a", "--verbose"], { a: error("workflow-changed", "it has") });
    expect(out).toEqual(["a: refused: it has"]);
    expect(notes.join("\n")).toMatch(/^a: .*it has\n +at /);
  });

  it("says what to do where a module has moved", async () => {
    const { notes } = await troupe(["resume"], { a: error("module-failed", "can't load it"), b: good });
    expect(notes).toEqual([
      "where a workflow's module has moved, --module FILE says where it is now",
      "2 runs: 1 refused, 1 completed",
    ]);
  });

  it("tells of a run that is damaged, goes on with the others, and fails", async () => {
    const whole = journal;
    journal = {
      ...whole,
      head(key) {
        if (key === "run/b") throw corruptVersion(key, 1, "the checksum of its record is wrong");
        return whole.head(key);
      },
    };
    const { code, out, notes } = await troupe(["resume"], { a: good });
    expect([code, out]).toEqual([1, ['a: completed {"n":1}']]);
    expect(notes).toEqual([expect.stringMatching(/^troupe: Version 1 of run\/b can't be read/)]);
  });

  it("has nothing to do where all have ended, and starts no system", async () => {
    const fresh = memoryJournal();
    new StoredRuns(fresh, 0).run("done", parcel, finished("pack"), finished("post"), finished("pay"));
    journal = fresh;
    const { code, out, notes, system } = await troupe(["resume"]);
    expect([code, out, notes, system.options]).toEqual([0, [], ["there is no run to go on with"], []]);
  });

  it.each([
    [["resume", "a", "done"], "the run done has ended: it is completed, and there is nothing to resume"],
    [
      ["resume", "stuck"],
      "the run stuck has ended: it is compensation-failed, and there is nothing to resume; troupe retry-compensation and troupe resolve are for it",
    ],
    [["resume", "stock"], "there is no run stock; did you mean stuck?"],
    [["resume", "nothing-like-it"], "there is no run nothing-like-it; troupe runs lists those there are"],
    [
      ["cancel", "done"],
      "the run done has ended: it is completed, and there is nothing to cancel; troupe undo is for a run that has completed",
    ],
    [
      ["undo", "a"],
      "the run a is running: only a run that has completed can be undone; troupe cancel is for a run that goes on",
    ],
    [["undo", "stuck"], "the run stuck is compensation-failed: only a run that has completed can be undone"],
    [["retry-compensation", "a"], "the run a is running: it doesn't wait for a person"],
    [["resolve", "done", "--note", "fine"], "the run done is completed: it doesn't wait for a person"],
    [["resume", "--module", "gone.mjs"], "gone.mjs: there is no such file"],
    [
      ["resume", "--module", "none.mjs"],
      "none.mjs: exports no workflow; export what defineWorkflow(…).step(…) returns",
    ],
    [["resume", "--module", "none.mjs#x"], "none.mjs: its export x is no workflow; it exports no workflow"],
  ])("and the others refuse %j before they start anything", async (args, message) => {
    write("none.mjs", "export const x = 1;");
    const { code, out, notes, system } = await troupe(args);
    expect([code, out, notes, system.options]).toEqual([1, [], [`troupe: ${message}`], []]);
  });

  it.each([
    [["resume", "--threads", "0"], /--threads must be a whole number from 1 to 256/],
    [["resume", "--coordination", "x"], /--coordination must be one of orchestrator, relay/],
    [["resume", "--module", "#x"], /names no module/],
    [["cancel"], /^troupe: cancel: ID is missing$/],
    [["cancel", "a", "b"], /^troupe: cancel: what is "b"\?$/],
    [["undo"], /^troupe: undo: ID is missing$/],
    [["fork"], /^troupe: fork: ID is missing$/],
    [["fork", "a", "--at", "0"], /^troupe: fork: --at must be a whole number from 1, got "0"$/],
    [["fork", "a", "--output", "pack"], /^troupe: fork: --output is a step and its output as JSON/],
    [["fork", "a", "--output", "pack={"], /^troupe: fork: --output is a step and its output as JSON/],
    [["retry-compensation"], /^troupe: retry-compensation: ID is missing$/],
    [["resolve", "stuck"], /^troupe: resolve: --note TEXT is missing$/],
    [["resolve", "stuck", "--note", ""], /^troupe: resolve: --note TEXT is missing$/],
  ])("and the others say what is wrong with %j", async (args, message) => {
    const { code, notes } = await troupe(args);
    expect([code, notes]).toEqual([2, [expect.stringMatching(message)]]);
  });

  it("leaves unfinished what has not ended when it is interrupted, and says so", async () => {
    const { code, terminal, system } = begin(["resume"], { a: good });
    const first = new Promise<void>((resolve) => {
      terminal.print = async (line) => {
        terminal.printed.push(line);
        resolve();
      };
    });
    await first;
    terminal.interrupt();
    expect(await code).toBe(1);
    expect(terminal.printed).toEqual(['a: completed {"n":1}', "b: unfinished"]);
    expect(terminal.notes).toEqual([
      "interrupted: what has not ended stays as it is, and troupe resume goes on with it",
      "2 runs: 1 completed, 1 unfinished",
    ]);
    expect([system.closed(), system.asked]).toEqual([1, []]);
  });

  it("ends when it is interrupted before its system is there", async () => {
    const terminal = fakeTerminal(folder);
    const ports = fakePorts({ openJournal: () => new Promise(() => undefined) });
    const code = commandLine(["resume", "--journal", "data"], terminal, ports);
    terminal.interrupt();
    expect(await code).toBe(1);
  });

  it("says on a terminal how far its runs are", async () => {
    const told: string[] = [];
    const system = fakeSystem({ a: good });
    const terminal = { ...fakeTerminal(folder), progress: (text: string) => void told.push(text) };
    const ports = fakePorts({ start: system.start, openJournal: async () => ({ ...journal, close: () => undefined }) });
    expect(await commandLine(["resume", "a", "--journal", "data"], terminal, ports)).toBe(0);
    expect(told).toEqual(["0 of 1 run has ended; a: compensation-retried"]);
  });

  it("isn't disturbed by what it looks on at", async () => {
    const broken = new Subject<RunRecord>();
    broken.error(new Error("lost"));
    const system = fakeSystem({ a: error("journal-failed", "disk full") });
    const terminal = { ...fakeTerminal(folder), progress: () => undefined };
    const ports = fakePorts({
      openJournal: async () => ({ ...journal, close: () => undefined }),
      start: async (options) => {
        const made = await system.start(options);
        return { ...made, findRun: async (id) => ({ ...(await made.findRun(id)), events$: broken }) };
      },
    });
    expect(await commandLine(["resume", "a", "--journal", "data"], terminal, ports)).toBe(1);
    expect(terminal.printed).toEqual(["a: unfinished: disk full"]);
  });
});

describe("troupe cancel", () => {
  it("cancels a run that isn't gone on with, and waits for its end", async () => {
    const { code, out, system } = await troupe(["cancel", "a", "--reason", "enough"], {
      a: error("run-cancelled", "", { reason: "enough" }),
    });
    expect([code, out]).toEqual([0, ["a: cancelled: enough"]]);
    expect([system.asked, system.options[0]?.recover]).toEqual([["cancel a enough"], false]);
  });

  it.each<[string, End]>([
    ["that completed first", good],
    ["that is past its point of no return", error("past-point-of-no-return", "too late")],
    ["that could not be undone", error("compensation-failed", "torn", { step: "pack" })],
  ])("fails for a run %s", async (_, end) => {
    expect((await troupe(["cancel", "a"], { a: end })).code).toBe(1);
  });
});

describe("troupe undo", () => {
  it("undoes a run that has completed, and is content when all is undone", async () => {
    const { code, out, system } = await troupe(["undo", "done", "--reason", "sent back"], {
      done: error("run-undone", "", { reason: "sent back" }),
    });
    expect([code, out, system.asked]).toEqual([0, ["done: undone: sent back"], ["undo done sent back"]]);
    expect(system.options[0]?.recover).toBe(false);
    const torn = error("compensation-failed", "torn", { step: "pack" }, new Error("torn"));
    expect((await troupe(["undo", "done"], { done: torn })).code).toBe(1);
  });
});

describe("troupe retry-compensation", () => {
  it("goes on undoing a run, and is content when all is undone", async () => {
    const { code, out, system } = await troupe(["retry-compensation", "stuck"], { stuck: error("run-cancelled", "") });
    expect([code, out, system.asked]).toEqual([0, ["stuck: cancelled"], ["retry stuck"]]);
    expect(system.options[0]?.recover).toBe(false);
    const again = error("compensation-failed", "torn", { step: "pack" }, new Error("torn"));
    expect((await troupe(["retry-compensation", "stuck"], { stuck: again })).code).toBe(1);
  });
});

describe("troupe resolve", () => {
  it("notes what a person did, and loads no code", async () => {
    const resolved = error("run-resolved", "it was", { note: "by hand" });
    const { code, out, system } = await troupe(["resolve", "stuck", "--note", "by hand"], { stuck: resolved });
    expect([code, out, system.asked]).toEqual([0, ["stuck: resolved: by hand"], ["resolve stuck by hand"]]);
    expect(system.options).toMatchObject([{ recover: false, threads: 1, workflows: [] }]);
  });
});

describe("troupe fork", () => {
  it("starts a run where another one was, and prints how that ended under its own id", async () => {
    const args = ["fork", "stuck", "--at", "3", "--before", "pack", "--output", 'post={"a":[1]}', "--id", "again"];
    const { code, out, system } = await troupe(args, { again: good });
    expect(system.asked).toEqual(['fork stuck {"at":3,"before":["pack"],"outputs":{"post":{"a":[1]}}}']);
    expect([code, out]).toEqual([0, [expect.stringMatching(/^again: /)]]);
    expect(system.options[0]?.recover).toBe(false);
    const bad = error("step-failed", "torn", { step: "pack" });
    expect(await troupe(["fork", "stuck"], { new: bad })).toMatchObject({
      code: 1,
      out: [expect.stringMatching(/^new: /)],
    });
    expect((await troupe(["fork", "none"])).notes).toEqual(["troupe: there is no run none; did you mean done?"]);
  });
});
