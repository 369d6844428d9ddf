import { describe, expect, it } from "vitest";
import { PayloadCodec } from "../../../src/contracts/payload-codec.ts";
import { RunHandle } from "../../../src/workflows/run-handle.ts";
import { newRun, type RunState } from "../../../src/workflows/history/run-state.ts";
import { newSteps } from "../../../src/workflows/steps/run-steps.ts";
import { AcceptedRuns } from "../../../src/runtime/workflows/accepted-runs.ts";
import { deferred } from "../../../src/async/deferred.ts";
import type { Snapshot } from "../../../src/store/versions/snapshot.ts";
import { rejectionOf } from "../../fixtures/real-threads.ts";

const codec = new PayloadCodec({ maxBytes: 1e6 });

function handleOn(id: string): RunHandle {
  const unused = (): never => {
    throw new Error("this is never asked");
  };
  const workflow = { module: "test:workflows", name: "none", version: "1" };
  return new RunHandle(id, workflow, {
    codec,
    cancel: unused,
    versions: unused,
    listen: () => undefined,
    tell: unused,
    at: unused,
    newest: unused,
    retryCompensation: unused,
    undo: unused,
    resolve: unused,
  });
}

function version(status: RunState["status"]): Snapshot<RunState> {
  const steps = newSteps([{ name: "only", agent: "agent@1", after: [], compensable: false }]);
  const state = { ...newRun, status, steps, length: 1 };
  return { key: "run/r", version: 1, parent: 0, state, author: "system", time: 0, position: 1, schema: 1 };
}

/** So many runs at a time, each started when it may be. */
class Desk {
  readonly runs: AcceptedRuns;
  readonly begun: string[] = [];
  /** The ids of runs that ended without a result, with a mark for those that code looks at. */
  readonly failed: string[] = [];

  constructor(maxRuns = 1) {
    this.runs = new AcceptedRuns({ maxRuns, maxWaitingRuns: 10 }, ({ id, isAttended }) =>
      this.failed.push(isAttended ? `${id}, attended` : id),
    );
  }

  /** As a system does it; `start` is what starting comes to. */
  accept(id: string, start: () => void | Promise<void> = () => undefined): RunHandle {
    const handle = handleOn(id);
    const begin = (): void | Promise<void> => {
      this.begun.push(id);
      return start();
    };
    if (this.runs.check(id, "wait")) this.runs.start(handle, begin);
    else this.runs.wait(handle, begin);
    return handle;
  }
}

const broken = new Error("broken");
const breaks = (): never => {
  throw broken;
};

describe("runs that were accepted", () => {
  it("are known until they end, and then the next begins", () => {
    const desk = new Desk();
    const first = desk.accept("first");
    const second = desk.accept("second");
    expect([desk.runs.handle("first"), desk.runs.handle("second")]).toEqual([first, second]);
    expect(desk.runs.counts).toEqual({ inFlight: 1, waiting: 1, parked: 0 });
    desk.runs.observe("first", version("running"));
    expect(desk.begun).toEqual(["first"]);
    desk.runs.observe("first", version("compensating"));
    desk.runs.observe("first", version("failed"));
    expect(desk.begun).toEqual(["first", "second"]);
    expect([desk.runs.handle("first"), desk.runs.handle("second")]).toEqual([undefined, second]);
    expect(desk.failed).toEqual(["first"]);
    second.events$.subscribe();
    desk.runs.observe("second", version("failed"));
    desk.accept("third");
    desk.runs.observe("third", version("completed"));
    expect(desk.failed).toEqual(["first", "second, attended"]);
  });

  it("have an id each, whether they are in flight or wait", () => {
    const desk = new Desk();
    desk.accept("first");
    desk.accept("second");
    expect(() => desk.accept("first")).toThrow(expect.objectContaining({ code: "run-exists" }));
    expect(() => desk.accept("second")).toThrow(expect.objectContaining({ code: "run-exists" }));
    desk.runs.observe("first", version("completed"));
    expect(desk.runs.counts).toEqual({ inFlight: 1, waiting: 0, parked: 0 });
    desk.accept("first");
    expect(desk.runs.counts).toEqual({ inFlight: 1, waiting: 1, parked: 0 });
  });

  it("are refused beyond what may wait, and cost nothing then", () => {
    const desk = new Desk();
    desk.accept("first");
    expect(() => desk.runs.check("second", "reject")).toThrow(expect.objectContaining({ code: "overloaded" }));
    expect(desk.runs.handle("second")).toBe(undefined);
  });

  it("that can't start tell their caller, or their handle if they had to wait; the next begins", async () => {
    const desk = new Desk();
    expect(() => desk.accept("first", breaks)).toThrow(broken);
    expect(desk.failed).toEqual([]); // its caller has the error
    expect(desk.runs.counts).toEqual({ inFlight: 0, waiting: 0, parked: 0 });
    desk.accept("second");
    const third = desk.accept("third", breaks);
    desk.accept("fourth");
    desk.runs.observe("second", version("completed"));
    expect(await rejectionOf(third.result)).toBe(broken);
    expect(desk.begun).toEqual(["first", "second", "third", "fourth"]);
    expect(desk.runs.handle("third")).toBe(undefined);
    expect(desk.failed).toEqual(["third"]);
  });

  it("whose start the journal refuses are over", async () => {
    const desk = new Desk();
    const first = desk.accept("first", () => Promise.reject(broken));
    desk.accept("second");
    expect(await rejectionOf(first.result)).toBe(broken);
    expect(desk.begun).toEqual(["first", "second"]);
    expect(desk.failed).toEqual(["first, attended"]);
  });

  it("that break are over, and their handle is told", async () => {
    const desk = new Desk();
    const first = desk.accept("first");
    desk.accept("second");
    desk.runs.break("first", broken);
    expect(await rejectionOf(first.result)).toBe(broken);
    expect(desk.begun).toEqual(["first", "second"]);
  });

  it("are taken back only while they wait", () => {
    const desk = new Desk();
    desk.accept("first");
    const second = desk.accept("second");
    expect(desk.runs.withdraw("first")).toBe(undefined);
    expect(desk.runs.withdraw("second")).toBe(second);
    expect(desk.runs.withdraw("second")).toBe(undefined);
    desk.runs.observe("first", version("completed"));
    expect(desk.begun).toEqual(["first"]);
  });

  it("are taken up beyond the bound; one that can't be gone on with gives its place back", async () => {
    const desk = new Desk();
    desk.accept("first");
    const again = handleOn("again");
    await desk.runs.takeUp(again, () => undefined);
    expect(desk.runs.handle("again")).toBe(again);
    expect(desk.runs.counts.inFlight).toBe(2);
    expect(await rejectionOf(desk.runs.takeUp(handleOn("other"), breaks))).toBe(broken);
    expect(desk.runs.handle("other")).toBe(undefined);
    expect(desk.runs.counts.inFlight).toBe(2);
  });

  it("are waited for until none is left, or they are closed", async () => {
    const desk = new Desk();
    await desk.runs.idle();
    desk.accept("first");
    const idle = desk.runs.idle();
    desk.runs.observe("first", version("completed"));
    await idle;
    desk.accept("second");
    const never = rejectionOf(desk.runs.idle());
    await desk.runs.close();
    expect(await never).toMatchObject({ code: "system-closed" });
  });
});

describe("closing", () => {
  it("tells every handle whether anything of its run is recorded, and what is left", async () => {
    const desk = new Desk();
    const first = desk.accept("first");
    const second = desk.accept("second");
    const third = desk.accept("third");
    desk.runs.turnAway();
    expect(desk.runs.handle("second")).toBe(undefined);
    expect(await desk.runs.close()).toEqual({ unfinished: ["first"], notStarted: ["second", "third"] });
    const details = await Promise.all([first, second, third].map(async ({ result }) => rejectionOf(result)));
    expect(details).toMatchObject([
      { code: "system-closed", details: { run: "first", isRecorded: true } },
      { code: "system-closed", details: { run: "second", isRecorded: false } },
      { code: "system-closed", details: { run: "third", isRecorded: false } },
    ]);
    expect(desk.begun).toEqual(["first"]);
  });

  it("waits for starts that are on their way to the journal: only what got there is left for the next system", async () => {
    const desk = new Desk(2);
    const [lands, fails] = [deferred<void>(), deferred<void>()];
    const first = desk.accept("first", () => lands.promise);
    const second = desk.accept("second", () => fails.promise);
    let left: unknown;
    const closed = desk.runs.close().then((runs) => (left = runs));
    lands.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect(left).toBe(undefined);
    fails.reject(broken);
    await closed;
    expect(left).toEqual({ unfinished: ["first"], notStarted: [] });
    expect(await rejectionOf(first.result)).toMatchObject({ code: "system-closed", details: { isRecorded: true } });
    expect(await rejectionOf(second.result)).toBe(broken);
  });
});
