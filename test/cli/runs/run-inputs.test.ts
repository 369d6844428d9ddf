import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type InputRow, rowError } from "../../../src/cli/input/input-row.ts";
import type { Outcome } from "../../../src/cli/output/outcome.ts";
import { runInputs } from "../../../src/cli/runs/run-inputs.ts";
import type { StartedRun } from "../../../src/cli/command/command-system.ts";

const rowsOf = (count: number): InputRow[] =>
  Array.from({ length: count }, (_, index) => ({ line: index + 1, input: index }));
const collect = async (outcomes: AsyncIterable<Outcome>): Promise<Outcome[]> => {
  const all: Outcome[] = [];
  for await (const outcome of outcomes) all.push(outcome);
  return all;
};
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Runs that end when the test says so. */
function manualRuns() {
  const open = new Map<unknown, { resolve(result: unknown): void; reject(error: unknown): void }>();
  const started: unknown[] = [];
  const cancelled: unknown[] = [];
  const start = (input: unknown): StartedRun => {
    started.push(input);
    const result = new Promise((resolve, reject) => open.set(input, { resolve, reject }));
    const cancel = async (): Promise<void> => {
      cancelled.push(input);
      open.get(input)?.reject(new Error("cancelled"));
    };
    return { result, cancel };
  };
  const finish = (input: unknown): void => {
    open.get(input)?.resolve(`done ${String(input)}`);
    open.delete(input);
  };
  return { start, started, cancelled, open, finish };
}

const limits = { inFlight: 2, ahead: 100, onAbort: "cancel" } as const;
const never = new AbortController().signal;

describe("runInputs", () => {
  it("tells outcomes in the order of the inputs and keeps its limits, in whatever order the runs end (invariant 7)", async () => {
    const plan = fc.record({
      count: fc.nat({ max: 20 }),
      inFlight: fc.integer({ min: 1, max: 5 }),
      ahead: fc.integer({ min: 1, max: 8 }),
      picks: fc.infiniteStream(fc.nat({ max: 100 })),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ count, inFlight, ahead, picks }) => {
        const runs = manualRuns();
        let told = 0;
        const outcomes = (async () => {
          const lines: number[] = [];
          for await (const { line } of runInputs(rowsOf(count), {
            start: runs.start,
            inFlight,
            ahead,
            signal: never,
            onAbort: "cancel",
          })) {
            told++;
            lines.push(line);
          }
          return lines;
        })();
        for (let ended = 0; ended < count; ended++) {
          await turn();
          expect(runs.open.size).toBeGreaterThan(0);
          expect(runs.open.size).toBeLessThanOrEqual(inFlight);
          expect(runs.started.length - told).toBeLessThanOrEqual(ahead);
          const inputs = [...runs.open.keys()];
          runs.finish(inputs[Number(picks.next().value) % inputs.length]);
        }
        expect(await outcomes).toEqual(rowsOf(count).map(({ line }) => line));
      }),
    );
  });

  it("starts the next run as soon as one ends, though an earlier one goes on", async () => {
    const runs = manualRuns();
    const outcomes = collect(runInputs(rowsOf(4), { ...limits, start: runs.start, signal: never }));
    await turn();
    expect(runs.started).toEqual([0, 1]);
    runs.finish(1);
    await turn();
    expect(runs.started).toEqual([0, 1, 2]);
    for (const input of [2, 0]) runs.finish(input);
    await turn();
    runs.finish(3);
    expect((await outcomes).map((each) => each.ok && each.result)).toEqual(["done 0", "done 1", "done 2", "done 3"]);
  });

  it("tells of rows that can't be used, runs that can't start and runs that fail, each in its place", async () => {
    const failing = new Error("failing");
    const throwing = new Error("throwing");
    const bad = rowError({ file: "in.csv", line: 2 }, "odd");
    const start = (input: unknown): StartedRun => {
      if (input === 2) throw throwing;
      return { result: input === 3 ? Promise.reject(failing) : Promise.resolve(input), cancel: async () => undefined };
    };
    const rows: InputRow[] = [
      { line: 1, input: 1 },
      bad,
      { line: 3, input: 2 },
      { line: 4, input: 3 },
      { line: 5, input: 4 },
    ];
    expect(await collect(runInputs(rows, { ...limits, start, signal: never }))).toEqual([
      { line: 1, ok: true, result: 1 },
      { line: 2, ok: false, error: "error" in bad && bad.error },
      { line: 3, ok: false, error: throwing },
      { line: 4, ok: false, error: failing },
      { line: 5, ok: true, result: 4 },
    ]);
  });

  it("waits for the consumer of the outcomes", async () => {
    const started: unknown[] = [];
    const start = (input: unknown): StartedRun => {
      started.push(input);
      return { result: Promise.resolve(input), cancel: async () => undefined };
    };
    const outcomes = runInputs(rowsOf(50), { ...limits, ahead: 5, start, signal: never });
    await outcomes.next();
    await turn();
    expect(started.length).toBeLessThanOrEqual(6);
  });

  it("once aborted cancels what is in flight and starts no more", async () => {
    const runs = manualRuns();
    const controller = new AbortController();
    const outcomes = collect(runInputs(rowsOf(10), { ...limits, start: runs.start, signal: controller.signal }));
    await turn();
    runs.finish(0);
    await turn();
    controller.abort();
    expect((await outcomes).map(({ line, ok }) => [line, ok])).toEqual([
      [1, true],
      [2, false],
      [3, false],
    ]);
    expect(runs.cancelled).toEqual([1, 2]);
    expect(runs.started).toEqual([0, 1, 2]);
  });

  it("leaves what is in flight when aborted, if told so, and ends after the outcomes there are", async () => {
    const runs = manualRuns();
    const controller = new AbortController();
    const options = { ...limits, start: runs.start, signal: controller.signal, onAbort: "leave" } as const;
    const outcomes = collect(runInputs(rowsOf(4), options));
    await turn();
    runs.finish(0);
    await turn();
    controller.abort();
    expect((await outcomes).map(({ line, ok }) => [line, ok])).toEqual([[1, true]]);
    expect(runs.cancelled).toEqual([]);
    expect(runs.started).toEqual([0, 1, 2]);
  });

  it("starts nothing when aborted beforehand", async () => {
    const runs = manualRuns();
    expect(await collect(runInputs(rowsOf(3), { ...limits, start: runs.start, signal: AbortSignal.abort() }))).toEqual(
      [],
    );
    expect(runs.started).toEqual([]);
  });

  it("bears a cancellation that fails", async () => {
    const controller = new AbortController();
    let end: (result: unknown) => void = () => undefined;
    const start = (): StartedRun => ({
      result: new Promise((resolve) => (end = resolve)),
      cancel: () => Promise.reject(new Error("no")),
    });
    const outcomes = collect(runInputs(rowsOf(1), { ...limits, start, signal: controller.signal }));
    await turn();
    controller.abort();
    await turn();
    end("late");
    expect(await outcomes).toEqual([{ line: 1, ok: true, result: "late" }]);
  });
});
