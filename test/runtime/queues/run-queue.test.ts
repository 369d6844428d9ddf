/** The queue of runs against a model (invariants 6 and 7): bounded, in order, nothing lost and nothing begun twice. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RunQueue } from "../../../src/runtime/queues/run-queue.ts";
import { ModelledQueue, step } from "./modelled-run-queue.ts";

const bounds = fc.record({ maxRuns: fc.integer({ min: 1, max: 3 }), maxWaitingRuns: fc.integer({ min: 0, max: 4 }) });

describe("RunQueue", () => {
  it("keeps its bounds and its order, whichever runs start, end, are taken back or are turned away", () => {
    fc.assert(
      fc.property(bounds, fc.array(step, { maxLength: 80 }), (options, steps) => {
        const modelled = new ModelledQueue(options);
        for (const next of steps) {
          modelled.take(next);
          modelled.check();
        }
        modelled.endAll();
        expect(modelled.queue.counts).toEqual({ inFlight: 0, waiting: 0 });
      }),
      { numRuns: 500 },
    );
  });

  it("holds nothing of those that gave up", () => {
    const queue = new RunQueue({ maxRuns: 1, maxWaitingRuns: 1 });
    queue.enter("first");
    let begun = "";
    for (let n = 0; n < 10_000; n++) {
      queue.wait("impatient", () => (begun += `${n} `));
      queue.withdraw("impatient");
    }
    queue.wait("impatient", () => (begun += "last"));
    queue.leave("first");
    expect(begun).toBe("last");
  });

  it("begins any number of runs that end as they begin", () => {
    const queue = new RunQueue({ maxRuns: 1, maxWaitingRuns: 100_000 });
    queue.enter("first");
    let begun = 0;
    for (let n = 0; n < 100_000; n++) {
      queue.wait(`run-${n}`, () => {
        begun++;
        queue.leave(`run-${n}`);
      });
    }
    queue.leave("first");
    expect(begun).toBe(100_000);
  });

  it("takes more than its bound of those that were accepted before, and begins none until they are fewer", () => {
    const queue = new RunQueue({ maxRuns: 2, maxWaitingRuns: 5 });
    for (const run of ["a", "b", "c"]) queue.enter(run);
    expect(queue.hasRoom).toBe(false);
    const begun: string[] = [];
    queue.wait("d", () => begun.push("d"));
    queue.leave("a");
    expect(begun).toEqual([]);
    queue.leave("b");
    expect(begun).toEqual(["d"]);
    queue.leave("b"); // again
    expect(queue.counts).toEqual({ inFlight: 2, waiting: 0 });
  });

  it("tells who waits for it to be idle, after the last", async () => {
    const queue = new RunQueue({ maxRuns: 1, maxWaitingRuns: 5 });
    await queue.idle();
    const order: string[] = [];
    queue.enter("a");
    queue.wait("b", () => order.push("b begins"));
    const idle = queue.idle().then(() => order.push("idle"));
    queue.leave("a");
    await Promise.resolve();
    order.push("b ends");
    queue.leave("b");
    await idle;
    expect(order).toEqual(["b begins", "b ends", "idle"]);
  });

  it("tells every caller that waits, before and after, that it is closed", async () => {
    const queue = new RunQueue({ maxRuns: 1, maxWaitingRuns: 5 });
    queue.enter("a");
    const before = queue.idle();
    const closed = new Error("closed");
    queue.close(() => closed);
    await expect(before).rejects.toBe(closed);
    await expect(queue.idle()).rejects.toBe(closed);
  });

  it("says how many are in flight and wait to whom it refuses", () => {
    const queue = new RunQueue({ maxRuns: 1, maxWaitingRuns: 1 });
    queue.enter("a");
    queue.wait("b", () => undefined);
    expect(() => queue.checkMayWait("c", "wait")).toThrow(
      expect.objectContaining({
        code: "overloaded",
        message: expect.stringContaining("1 runs are in flight, and 1 wait: the run c was not started") as string,
        details: { run: "c", inFlight: 1, waiting: 1 },
      }),
    );
  });
});
