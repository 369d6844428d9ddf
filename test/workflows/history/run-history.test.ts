import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../../src/workflows/history/run-event.ts";
import { recordsOf } from "../../../src/workflows/history/run-history.ts";
import { admits, apply } from "../../../src/workflows/history/run-machine.ts";
import { endOf } from "../../../src/workflows/history/run-progress.ts";
import { newRun, type RunState } from "../../../src/workflows/history/run-state.ts";
import type { Snapshot } from "../../../src/store/versions/snapshot.ts";
import { codec, error, fail, finish, start, started, undo, undone } from "../support/example-workflow.ts";

/** A version for each event, as a slow supervisor would have it. */
function versionsOf(events: readonly RunEvent[]): Snapshot<RunState>[] {
  let state: RunState = newRun;
  return events.map((event, index) => {
    if (!admits(state, event)) throw new Error(`not admissible: ${event.type}`);
    state = apply({ ...state, events: [] }, event);
    return {
      key: "run/r",
      version: index + 1,
      parent: index,
      state,
      author: "system",
      time: 1000 + index,
      position: index + 1,
      schema: 1,
    };
  });
}

describe("the history of a run", () => {
  it("gives back every event as it was proposed, though versions keep only notes of them", () => {
    const events: RunEvent[] = [
      started(),
      { type: "coordination-switched", coordination: "relay", epoch: 2 },
      start("a", "relay"),
      finish("a"),
      start("b"),
      start("c"),
      finish("b"),
      fail("c"),
      undo("b"),
      undone("b"),
      { type: "run-ended", status: "failed", step: "c", error },
    ];
    const records = recordsOf("r", versionsOf(events), codec);
    expect(records.map(({ event }) => event)).toEqual(events);
    expect(records.map(({ version }) => version)).toEqual(events.map((_, index) => index + 1));
    expect(records[3]).toMatchObject({ run: "r", version: 4, time: 1003 });
  });

  it("says in its last event how the run ended", () => {
    const complete = [
      started(),
      start("a"),
      finish("a"),
      start("b"),
      start("c"),
      finish("c"),
      finish("b"),
      start("d"),
      finish("d"),
    ];
    const lastOf = (events: readonly RunEvent[]): RunEvent | undefined =>
      recordsOf("r", versionsOf(events), codec).at(-1)?.event;
    expect(lastOf([...complete, { type: "run-ended", status: "completed" }])).toEqual({
      type: "run-ended",
      status: "completed",
      output: { n: 2 },
    });
    expect(
      lastOf([started(), { type: "cancel-requested", reason: "enough" }, { type: "run-ended", status: "cancelled" }]),
    ).toEqual({
      type: "run-ended",
      status: "cancelled",
      reason: "enough",
    });
    const stuck: RunEvent[] = [
      ...complete.slice(0, -1),
      fail("d"),
      undo("b"),
      { type: "compensation-failed", step: "b", error },
    ];
    expect(lastOf([...stuck, { type: "run-ended", status: "compensation-failed" }])).toEqual({
      type: "run-ended",
      status: "compensation-failed",
      step: "b",
      error,
    });
  });

  it("keeps no input, output or error twice in a version", () => {
    const marked = versionsOf([
      started({ input: { n: 1, mark: "IN" } }),
      { ...(start("a") as object), input: { mark: "STEP" } } as RunEvent,
    ]);
    expect(JSON.stringify(marked[0]?.state).split("IN").length).toBe(2);
    expect(JSON.stringify(marked[1]?.state).split("STEP").length).toBe(2);
  });

  it("gives dates and maps as agents gave them", () => {
    const when = new Date(86_400_000);
    const output = codec.encode({ when, seen: new Map([["x", new Set([1])]]) }, "it");
    const versions = versionsOf([
      started({ input: codec.encode(when, "it") }),
      start("a"),
      { type: "step-finished", step: "a", output },
    ]);
    expect(JSON.parse(JSON.stringify(versions))).toEqual(versions);
    const [first, , third] = recordsOf("r", versions, codec).map(({ event }) => event);
    expect(first).toMatchObject({ input: when });
    expect(third).toEqual({ type: "step-finished", step: "a", output: { when, seen: new Map([["x", new Set([1])]]) } });
  });

  it("has an end for every status that is one", () => {
    expect(endOf(newRun)).toBeUndefined();
  });
});
