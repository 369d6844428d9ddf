/** What a run is waiting for, how it stands and what happened in it, read off its history. */

import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { advance } from "../../../src/workflows/coordination/advance.ts";
import { planWorkflow, type WorkflowPlan } from "../../../src/workflows/coordination/workflow-plan.ts";
import { expire } from "../../../src/workflows/coordination/openings.ts";
import { defineWorkflow } from "../../../src/workflows/definition/define-workflow.ts";
import type { WorkflowDefinition } from "../../../src/workflows/definition/workflow-definition.ts";
import type { RunEvent } from "../../../src/workflows/history/run-event.ts";
import { recordsOf } from "../../../src/workflows/history/run-history.ts";
import { pendingOf } from "../../../src/workflows/history/run-pending.ts";
import { newRun, type RunState } from "../../../src/workflows/history/run-state.ts";
import { viewOf } from "../../../src/workflows/history/run-view.ts";
import { isParked } from "../../../src/workflows/history/run-waits.ts";
import { eventInWords, pendingInWords, whyInWords } from "../../../src/workflows/history/run-words.ts";
import { startRun } from "../../../src/workflows/supervisor/run-start.ts";
import { codec, error, reader, terms } from "../support/example-workflow.ts";

const Answer = v.object({ n: v.number() });
const plan = planWorkflow(
  defineWorkflow("test:workflows", { name: "claim", version: "1.0.0", input: Answer })
    .step("read", reader, ({ input }) => input)
    .waitFor("ok", { after: ["read"], answer: Answer, timeout: 1000, otherwise: () => ({ n: 0 }) }, ({ read }) => read)
    .waitFor("more", { after: ["ok"], answer: Answer, when: ({ ok }) => ok.n > 1 }, () => "more?")
    .step("write", reader, { needs: ["more"] }, ({ more }) => more)
    .pause("rest", { after: ["write"], until: () => new Date(5000) }),
);

const nested = planWorkflow(
  defineWorkflow("test:workflows", { name: "around", version: "1.0.0", input: Answer })
    .step("read", reader, ({ input }) => input)
    .step(
      "inner",
      plan.workflow as WorkflowDefinition<{ n: number }>,
      { after: ["read"], when: ({ read }) => read.n > 1 },
      ({ read }) => read,
    )
    .step("close", reader, { after: ["inner"] }, () => ({ n: 0 })),
);

const looped = planWorkflow(
  defineWorkflow("test:workflows", { name: "looped", version: "1.0.0", input: Answer }).loop(
    "talk",
    { reader, other: reader },
    {
      inbox: v.string(),
      max: 3,
      until: ({ last }) => last.n > 1,
      who: ({ by }) => (by === "reader" ? "other" : "reader"),
    },
    { reader: ({ input }) => input, other: ({ input }) => input },
  ),
);

/** A run after each of the events and what follows from them, and its records. */
function play(...events: readonly RunEvent[]) {
  return playOf(plan, ...events);
}

function playOf(of: WorkflowPlan, ...events: readonly RunEvent[]) {
  const coordination = "orchestrator";
  const started = startRun(of, { n: 7 }, {}, { coordination, epoch: 1 }, terms);
  const states: RunState[] = [];
  for (const event of [started, ...events]) {
    const step = advance(of, states.at(-1) ?? newRun, event, terms);
    if (step === undefined) throw new Error(`not admissible: ${event.type}`);
    states.push(step.next);
  }
  const versions = states.map((state, at) => ({
    key: "run/r",
    version: at + 1,
    parent: at,
    state,
    author: "system",
    time: at,
    position: at,
    schema: 1,
  }));
  const newest = versions.at(-1);
  if (newest === undefined) throw new Error("there is no version");
  return { state: newest.state, newest, records: recordsOf("r", versions, codec) };
}

const finished: RunEvent = { type: "step-finished", step: "read", output: { n: 3 } };
const answered = (n: number, by?: string): RunEvent => ({
  type: "wait-answered",
  step: "ok",
  answer: { n },
  ...(by === undefined ? {} : { by }),
});

describe("what a run waits for", () => {
  it("is said of each step that has not settled", () => {
    const begun = play();
    expect(pendingOf(begun.state, codec)).toEqual([
      { step: "read", for: "agent", agent: "reader@1.0.0", attempt: 1 },
      { step: "ok", for: "steps", steps: ["read"] },
      { step: "more", for: "steps", steps: ["ok"] },
      { step: "write", for: "steps", steps: ["more"] },
      { step: "rest", for: "steps", steps: ["write"] },
    ]);
    expect(isParked(begun.state)).toBe(false);
    const open = play(finished);
    expect(pendingOf(open.state, codec)[0]).toEqual({
      step: "ok",
      for: "answer",
      question: { n: 3 },
      since: 0,
      until: 1000,
    });
    expect(isParked(open.state)).toBe(true);
    const resting = play(finished, answered(1));
    expect(pendingOf(resting.state, codec)).toEqual([{ step: "rest", for: "time", at: 5000 }]);
    expect(pendingOf(resting.state, codec).map(pendingInWords)).toEqual(["rest pauses until 1970-01-01T00:00:05.000Z"]);
  });

  it("is nothing once the run has ended, and what is to be undone before", () => {
    const cancelled = play({ type: "cancel-requested" });
    expect(pendingOf(cancelled.state, codec)).toEqual([
      { step: "read", for: "agent", agent: "reader@1.0.0", attempt: 1 },
    ]);
    const failed = play({ type: "step-failed", step: "read", error });
    expect(pendingOf(failed.state, codec)).toEqual([]);
  });
});

describe("a loop", () => {
  const done = (step: string, n: number): RunEvent => ({ type: "step-finished", step, output: { n } });
  const told: RunEvent = { type: "loop-told", step: "talk", message: "faster", by: "ada" };

  it("is told of in words, round by round", () => {
    const { records } = playOf(looped, told, done("talk#1", 1), told, told, done("talk#2", 2), done("talk#3", 3));
    expect(records.map(({ event }, at) => eventInWords(event, records.slice(0, at)))).toEqual([
      "a run of looped@1.0.0 started, by the orchestrator, with { n: 7 }",
      "talk started",
      "talk#1 started, by reader",
      "ada told talk 'faster'",
      "talk#1 finished with { n: 1 }",
      "talk#2 started, by other, and read 1 message",
      "ada told talk 'faster'",
      "ada told talk 'faster'",
      "talk#2 finished with { n: 2 }",
      "talk#3 started, by reader, and read 2 messages",
      "talk#3 finished with { n: 3 }",
      "talk finished after 3 rounds with { n: 3 }",
      "the run ended: completed",
    ]);
    expect(whyInWords("talk#2", records)).toContain("talk#2 finished with { n: 2 }, at");
  });

  it("is seen with the number of its rounds, and waits for the agent of the one that is in flight", () => {
    const { newest, state } = playOf(looped, done("talk#1", 1), told);
    expect(viewOf("r", newest, codec).steps).toEqual({
      talk: { status: "open", rounds: 2, unread: 1 },
      "talk#1": { status: "finished", agent: "reader@1.0.0", attempt: 1 },
      "talk#2": { status: "started", agent: "reader@1.0.0", attempt: 1 },
    });
    expect(pendingOf(state, codec).map(pendingInWords)).toEqual(["talk#2 is in flight at reader@1.0.0"]);
    const relayed = { ...state, coordination: "relay" as const };
    const between = advance(looped, relayed, done("talk#2", 1), terms)?.next;
    expect(between && pendingOf(between, codec).map(pendingInWords)).toEqual(["talk is about to start"]);
  });
});

describe("a view of a run", () => {
  it("has each step as it stands, with questions, times and outputs", () => {
    const { newest } = play(finished, answered(2, "ada"));
    expect(viewOf("r", newest, codec)).toEqual({
      run: "r",
      workflow: "claim@1.0.0",
      status: "running",
      isParked: true,
      coordination: "orchestrator",
      version: 3,
      changed: 2,
      steps: {
        read: { status: "finished", agent: "reader@1.0.0", attempt: 1 },
        ok: { status: "finished", question: { n: 3 }, since: 0, until: 1000, by: "ada" },
        more: { status: "open", question: "more?", since: 0 },
        write: { status: "pending", agent: "reader@1.0.0" },
        rest: { status: "pending" },
      },
      outputs: { read: { n: 3 }, ok: { n: 2 } },
    });
  });
});

describe("what happened in a run", () => {
  it("is said in words, and why a step was skipped", () => {
    const { records } = play(finished, answered(1, "ada"));
    expect(records.map(({ event }, at) => eventInWords(event, records.slice(0, at)))).toEqual([
      "a run of claim@1.0.0 started, by the orchestrator, with { n: 7 }",
      "read started",
      "read finished with { n: 3 }",
      "ok asked { n: 3 }, until 1970-01-01T00:00:01.000Z",
      "ada answered ok with { n: 1 }",
      "ok finished with { n: 1 }",
      "more was skipped: its when said so",
      "write was skipped: it needs more, which was skipped",
      "rest began, until 1970-01-01T00:00:05.000Z",
    ]);
    expect(whyInWords("write", records)).toBe(
      "write was skipped: it needs more, which was skipped, at 1970-01-01T00:00:00.002Z in version 3",
    );
    expect(whyInWords("nothing", records)).toBeUndefined();
  });

  it("says of a wait that it was given up", () => {
    const open = play(finished);
    const end = expire(plan, open.state, "ok", terms);
    expect(end).toEqual({ type: "step-finished", step: "ok", output: { n: 0 }, isExpired: true });
    const { records } = play(finished, end as RunEvent);
    expect(whyInWords("ok", records)).toContain("ok finished, as no answer came in time, with { n: 0 }");
  });
});

describe("a run with a sub-workflow", () => {
  const read = (n: number): RunEvent => ({ type: "step-finished", step: "read", output: { n } });

  it("waits with it, before it begins, and then for its steps", () => {
    const before = playOf(nested);
    expect(pendingOf(before.state, codec)).toEqual([
      { step: "read", for: "agent", agent: "reader@1.0.0", attempt: 1 },
      { step: "inner", for: "steps", steps: ["read"] },
      { step: "close", for: "steps", steps: ["inner"] },
    ]);
    const begun = playOf(nested, read(2));
    expect(pendingOf(begun.state, codec).map(pendingInWords)).toEqual([
      "inner/read is in flight at reader@1.0.0",
      "inner/ok waits for inner/read",
      "inner/more waits for inner/ok",
      "inner/write waits for inner/more",
      "inner/rest waits for inner/write",
      "close waits for inner",
    ]);
    expect(isParked(begun.state)).toBe(false);
    const asking = playOf(nested, read(2), { type: "step-finished", step: "inner/read", output: { n: 3 } });
    expect(isParked(asking.state)).toBe(true);
  });

  it("is finished by its last step, and has that one's output, at any depth", () => {
    const answer = { type: "wait-answered", step: "inner/ok", answer: { n: 1 } } as const;
    const { state, newest, records } = playOf(
      nested,
      read(2),
      { type: "step-finished", step: "inner/read", output: { n: 3 } },
      answer,
      { type: "step-finished", step: "inner/rest", output: undefined },
    );
    const { steps, outputs } = viewOf("r", newest, codec);
    expect([steps["inner"]?.status, steps["inner/more"]?.status, steps["inner/write"]?.status]).toEqual([
      "finished",
      "skipped",
      "skipped",
    ]);
    expect(outputs).toMatchObject({ read: { n: 2 }, "inner/read": { n: 3 }, "inner/ok": { n: 1 } });
    expect(Object.keys(outputs)).toContain("inner");
    expect(records.map(({ event }) => eventInWords(event, records)).slice(-2)).toEqual([
      "inner finished with undefined",
      "close started",
    ]);
    expect(whyInWords("inner/write", records)).toMatch(
      /^inner\/write was skipped: it needs inner\/more, which was skipped/,
    );
    expect(state.status).toBe("running");
  });

  it("has its steps skipped with it", () => {
    const { newest, records, state } = playOf(nested, read(1));
    const { steps } = viewOf("r", newest, codec);
    expect(Object.values(steps).map(({ status }) => status)).toEqual([
      "finished",
      ...Array.from({ length: 6 }, () => "skipped"),
      "started",
    ]);
    expect(whyInWords("inner/write", records)).toMatch(/^inner was skipped: its when said so/);
    expect(pendingOf(state, codec).map(({ step }) => step)).toEqual(["close"]);
  });
});
