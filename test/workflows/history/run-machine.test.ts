import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { advance } from "../../../src/workflows/coordination/advance.ts";
import type { RunEvent } from "../../../src/workflows/history/run-event.ts";
import { admits, apply } from "../../../src/workflows/history/run-machine.ts";
import {
  endOf,
  awaitsSteps,
  isReady,
  nextToCompensate,
  remainingCompensations,
} from "../../../src/workflows/history/run-progress.ts";
import { isOpen, newRun, type RunState } from "../../../src/workflows/history/run-state.ts";
import {
  error,
  fail,
  finish,
  legible,
  plan,
  start,
  started,
  stateAfter,
  terms,
  undo,
  undone,
} from "../support/example-workflow.ts";

const cancel: RunEvent = { type: "cancel-requested", reason: "enough" };
const switched = (epoch: number): RunEvent => ({ type: "coordination-switched", coordination: "relay", epoch });

describe("a run going forward", () => {
  it("starts once", () => {
    expect(admits(newRun, started())).toBe(true);
    expect(admits(stateAfter(started()), started())).toBe(false);
  });

  it("starts a step when what it needs has finished, once", () => {
    const fresh = stateAfter(started());
    expect(["a", "b", "c", "d"].filter((name) => isReady(fresh, name))).toEqual(["a"]);
    expect(admits(fresh, start("b"))).toBe(false);
    expect(admits(stateAfter(started(), start("a")), start("a"))).toBe(false);
    const forked = stateAfter(started(), start("a"), finish("a"));
    expect(["a", "b", "c", "d"].filter((name) => isReady(forked, name))).toEqual(["b", "c"]);
    expect(admits(stateAfter(started(), start("a"), finish("a"), start("b"), finish("b")), start("d"))).toBe(false);
  });

  it("finishes a step that is in flight, once", () => {
    expect(admits(stateAfter(started()), finish("a"))).toBe(false);
    expect(admits(stateAfter(started(), start("a")), finish("a"))).toBe(true);
    expect(admits(stateAfter(started(), start("a"), finish("a")), finish("a"))).toBe(false);
    expect(admits(stateAfter(started(), start("a"), finish("a")), fail("a"))).toBe(false);
  });

  it("knows no step by another name, such as one that every object has", () => {
    for (const name of ["z", "constructor", "__proto__"]) {
      expect(
        [start(name), finish(name), fail(name), undo(name)].map((event) => admits(stateAfter(started()), event)),
      ).toEqual([false, false, false, false]);
    }
  });

  it("completes when all steps have finished", () => {
    const events = [started(), start("a"), finish("a"), start("b"), start("c"), finish("c"), finish("b"), start("d")];
    expect(endOf(stateAfter(...events))).toBeUndefined();
    const done = stateAfter(...events, finish("d"));
    expect(endOf(done)).toEqual({ type: "run-ended", status: "completed" });
    expect(admits(done, { type: "run-ended", status: "failed" })).toBe(false);
  });
});

describe("a run going backward", () => {
  const failing = [started(), start("a"), finish("a"), start("b"), start("c"), finish("b"), fail("c")];

  it("starts no further step", () => {
    expect(admits(stateAfter(started(), start("a"), fail("a")), start("b"))).toBe(false);
    expect(admits(stateAfter(started(), cancel), start("a"))).toBe(false);
  });

  it("lets steps in flight end, and undoes them too", () => {
    const cancelled = stateAfter(started(), start("a"), finish("a"), start("b"), start("c"), finish("b"), cancel);
    expect(awaitsSteps(cancelled)).toBe(true);
    expect(nextToCompensate(cancelled)).toBeUndefined();
    expect(admits(cancelled, undo("b"))).toBe(false);
    const quiet = apply(cancelled, finish("c"));
    expect(remainingCompensations(quiet)).toEqual(["c", "b"]);
    expect(nextToCompensate(quiet)).toBe("c");
  });

  it("undoes the last finished first, one at a time, and passes over what can't be undone", () => {
    const quiet = stateAfter(...failing);
    expect(remainingCompensations(quiet)).toEqual(["b"]); // a has no compensate, c failed
    const all = stateAfter(
      started(),
      start("a"),
      finish("a"),
      start("b"),
      start("c"),
      finish("c"),
      finish("b"),
      start("d"),
      fail("d"),
    );
    expect(remainingCompensations(all)).toEqual(["b", "c"]);
    expect([undo("a"), undo("c"), undo("d"), undo("b")].map((event) => admits(all, event))).toEqual([
      false,
      false,
      false,
      true,
    ]);
    expect(admits(apply(all, undo("b")), undo("c"))).toBe(false);
    expect(admits(apply(apply(all, undo("b")), undone("b")), undo("b"))).toBe(false);
    expect(admits(apply(apply(all, undo("b")), undone("b")), undo("c"))).toBe(true);
  });

  it("ends as what came first, a failure or a cancellation", () => {
    expect(endOf(stateAfter(...failing, undo("b"), undone("b")))).toEqual({ type: "run-ended", status: "failed" });
    expect(endOf(stateAfter(started(), cancel))).toEqual({ type: "run-ended", status: "cancelled" });
    expect(endOf(stateAfter(started(), start("a"), cancel, fail("a")))).toEqual({
      type: "run-ended",
      status: "cancelled",
    });
    expect(admits(stateAfter(started(), start("a"), fail("a")), cancel)).toBe(false);
  });

  it("ends when a compensation fails, naming the step, and tries no other", () => {
    const all = stateAfter(
      started(),
      start("a"),
      finish("a"),
      start("b"),
      start("c"),
      finish("c"),
      finish("b"),
      start("d"),
      fail("d"),
      undo("b"),
    );
    const stuck = apply(all, { type: "compensation-failed", step: "b", error });
    expect(legible(stuck)).toMatchObject({
      uncompensated: "b",
      failed: "d",
      steps: { b: { status: "compensation-failed", undoError: error } },
    });
    expect(remainingCompensations(stuck)).toEqual([]);
    expect(endOf(stuck)).toEqual({ type: "run-ended", status: "compensation-failed" });
  });
});

describe("a run that has completed", () => {
  const steps = ["a", "b", "c", "d"].flatMap((name) => [start(name), finish(name)]);
  const completed: RunEvent = { type: "run-ended", status: "completed" };
  const undoRequested: RunEvent = { type: "undo-requested", reason: "sent back" };
  const whole = stateAfter(started(), ...steps, completed);

  it("is undone once, the last finished first, and keeps its outputs", () => {
    expect(admits(stateAfter(started(), ...steps), undoRequested)).toBe(false);
    const undoing = apply(whole, undoRequested);
    expect(remainingCompensations(undoing)).toEqual(["d", "c", "b"]);
    expect(admits(undoing, undoRequested)).toBe(false);
    const all = stateAfter(
      ...[started(), ...steps, completed, undoRequested],
      ...["d", "c", "b"].flatMap((name) => [undo(name), undone(name)]),
    );
    expect(endOf(all)).toEqual({ type: "run-ended", status: "undone" });
    const over = apply(all, { type: "run-ended", status: "undone" });
    expect([isOpen(over), admits(over, undoRequested), admits(over, cancel)]).toEqual([false, false, false]);
    expect(over.undone).toEqual({ reason: "sent back" });
  });

  it("follows switches while it is undone", () => {
    expect(admits(apply(whole, undoRequested), switched(2))).toBe(true);
  });

  it.each<RunEvent["type"]>(["step-started", "cancel-requested", "compensation-retried", "run-recovered"])(
    "takes no %s",
    (type) => {
      expect(admits(whole, { type, step: "a", by: "relay", epoch: 1 } as unknown as RunEvent)).toBe(false);
    },
  );
});

describe("what could not start", () => {
  const unstarted = (epoch: number): RunEvent => ({ type: "step-failed", step: "a", error, epoch });

  it("fails a pending step in its own epoch", () => {
    expect(admits(stateAfter(started()), unstarted(1))).toBe(true);
    expect(admits(stateAfter(started({ coordination: "relay" }), switched(2)), unstarted(1))).toBe(false);
  });

  it("says nothing about a step in flight, and what was in flight nothing about a pending one", () => {
    expect(admits(stateAfter(started(), start("a")), unstarted(1))).toBe(false);
    expect(admits(stateAfter(started()), fail("a"))).toBe(false);
  });

  it("fails the next compensation, and only that", () => {
    const all = stateAfter(
      started(),
      start("a"),
      finish("a"),
      start("b"),
      start("c"),
      finish("c"),
      finish("b"),
      start("d"),
      fail("d"),
    );
    const unstartedUndo = (step: string, epoch = 1): RunEvent => ({ type: "compensation-failed", step, error, epoch });
    expect([unstartedUndo("c"), unstartedUndo("b", 0), unstartedUndo("b")].map((event) => admits(all, event))).toEqual([
      false,
      false,
      true,
    ]);
    expect(admits(apply(all, undo("b")), unstartedUndo("b"))).toBe(false);
  });
});

describe("a switch", () => {
  it("goes to later epochs only, and never to a pinned run or one that has ended", () => {
    expect(admits(stateAfter(started()), switched(2))).toBe(true);
    expect(admits(stateAfter(started(), switched(3)), switched(2))).toBe(false);
    expect(admits(stateAfter(started(), switched(2)), switched(2))).toBe(false);
    expect(admits(stateAfter(started({ pinned: true })), switched(2))).toBe(false);
    expect(admits(stateAfter(started(), cancel, { type: "run-ended", status: "cancelled" }), switched(2))).toBe(false);
    expect(admits(newRun, switched(2))).toBe(false);
  });
});

describe("any sequence of proposals (invariant 5)", () => {
  const step = fc.constantFrom("a", "b", "c", "d");
  const by = fc.constantFrom("orchestrator" as const, "relay" as const);
  const epoch = fc.integer({ min: 1, max: 4 });
  const proposal: fc.Arbitrary<RunEvent> = fc.oneof(
    fc.record({ type: fc.constant("step-started" as const), step, input: fc.constant({ n: 1 }), by, epoch }),
    fc.record({ type: fc.constant("step-finished" as const), step, output: fc.constant({ n: 2 }) }),
    fc.record({ type: fc.constant("step-failed" as const), step, error: fc.constant(error) }),
    fc.record({ type: fc.constant("step-failed" as const), step, error: fc.constant(error), epoch }),
    fc.record({ type: fc.constant("compensation-started" as const), step, by, epoch }),
    fc.record({ type: fc.constant("compensation-finished" as const), step }),
    fc.record({ type: fc.constant("compensation-failed" as const), step, error: fc.constant(error) }),
    fc.record({ type: fc.constant("coordination-switched" as const), coordination: by, epoch }),
    fc.constant(cancel),
  );

  it("leads to a history in which everything starts once, ends once and is undone once", () => {
    fc.assert(
      fc.property(fc.array(proposal, { maxLength: 200, size: "max" }), by, (proposals, coordination) => {
        const events: RunEvent[] = [];
        let state: RunState = newRun;
        for (const candidate of [started({ coordination }), ...proposals]) {
          const accepted = advance(plan, state, candidate, terms);
          if (accepted === undefined) continue;
          expect(isOpen(state) || state.status === "new", "nothing happens after the end").toBe(true);
          expect(accepted.next.length).toBe(state.length + accepted.events.length);
          state = accepted.next;
          events.push(...accepted.events);
        }
        for (const type of [
          "step-started",
          "step-finished",
          "step-failed",
          "compensation-started",
          "compensation-finished",
        ]) {
          const steps = events.flatMap((event) => (event.type === type && "step" in event ? [event.step] : []));
          expect(new Set(steps).size, `${type} twice`).toBe(steps.length);
        }
        expect(events.reduce<RunState>((before, event) => apply(before, event), { ...newRun, events: [] })).toEqual({
          ...state,
          events: expect.anything(),
        });
      }),
    );
  });
});
