/** Rounds that are workflows: what a run keeps of them, and what of it is used again. */

import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { advance } from "../../../src/workflows/coordination/advance.ts";
import { planWorkflow } from "../../../src/workflows/coordination/workflow-plan.ts";
import { defineWorkflow } from "../../../src/workflows/definition/define-workflow.ts";
import type { WorkflowDefinition } from "../../../src/workflows/definition/workflow-definition.ts";
import { eventOf } from "../../../src/workflows/history/run-note.ts";
import { newRun, type RunState } from "../../../src/workflows/history/run-state.ts";
import { remainingCompensations } from "../../../src/workflows/history/run-progress.ts";
import { schedules } from "../../schedules.ts";
import { allSteps } from "../../../src/workflows/steps/run-steps.ts";
import { reader, terms, writer } from "../support/example-workflow.ts";

const Value = v.object({ n: v.number() });

const listLengths = 30;
/** 10,000 with `TROUPE_SCHEDULES=1000`. */
const rounds = Math.max(250, 10 * schedules);

/** In each round a step, a list of another length each time, a loop and a step after them; in all rounds by that agent. */
function roundsBy<Agent extends typeof reader>(agent: Agent, max: number) {
  const inner = defineWorkflow("test:workflows", { name: "inner", version: "1.0.0", input: Value }).step(
    "only",
    agent,
    ({ input }) => input,
  );
  const body = defineWorkflow("test:workflows", { name: "body", version: "1.0.0", input: Value })
    .step("first", agent, ({ input }) => input)
    .each(
      "list",
      agent,
      { over: ({ input }) => Array.from({ length: (input.n * 37) % listLengths }, (_, at) => at) },
      () => ({
        n: 1,
      }),
    )
    .loop("again", inner, { until: ({ round }) => round === 3, max: 3 }, () => ({ n: 1 }))
    .step("last", agent, { after: ["first", "list", "again"] }, ({ input }) => ({ n: input.n }));
  return defineWorkflow("test:workflows", { name: "rounds", version: "1.0.0", input: Value }).loop(
    "improve",
    body,
    { until: ({ round }) => round === max, max },
    ({ round }) => ({ n: round }),
  );
}

interface Played {
  readonly state: RunState;
  /** How long the state was when each round began, as JSON. */
  readonly lengths: readonly number[];
}

/** Plays a run as orchestrated, its steps one by one, and fails the step at a path. */
function play(workflow: WorkflowDefinition, failing?: string): Played {
  const plan = planWorkflow(workflow);
  const { id, outlines: steps } = plan;
  const lengths: number[] = [];
  const input = { n: 1 };
  const begun = { type: "run-started", workflow: id, input, steps, coordination: "orchestrator" } as const;
  let { next, events } = advance(plan, newRun, { ...begun, pinned: false, epoch: 1 }, terms)!;
  const toDo: string[] = [];
  const take = (): void => {
    expect(next.events.map((note) => eventOf(note, next))).toMatchObject(events);
    for (const event of events) {
      if (event.type !== "step-started") continue;
      if (/^improve#\d+$/.test(event.step)) lengths.push(JSON.stringify(next).length);
      else if (!/(list|again(#\d+)?|improve)$/.test(event.step)) toDo.push(event.step);
    }
  };
  take();
  for (let step = toDo.shift(); step !== undefined; step = toDo.shift()) {
    const error = { kind: "error", name: "Error", message: "broken" } as const;
    const event =
      step === failing
        ? ({ type: "step-failed", step, error } as const)
        : ({ type: "step-finished", step, output: { n: 1 } } as const);
    ({ next, events } = advance(plan, next, event, terms)!);
    take();
  }
  return { state: next, lengths };
}

describe("rounds that are workflows", () => {
  it("leave nothing but the newest two, with the lists and loops in them, where nothing can be undone", () => {
    const { state, lengths } = play(roundsBy(reader, rounds));
    expect(state.status).toBe("completed");
    const most = (from: number): number => Math.max(...lengths.slice(from, from + listLengths));
    expect(most(rounds - listLengths) - most((2 * rounds) / 5), "numbers may have more digits").toBeLessThan(100);
    const kept = allSteps(state.steps).flatMap(({ name }) => /^improve#(\d+)$/.exec(name)?.[1] ?? []);
    expect(new Set(kept.map(Number))).toEqual(new Set([rounds - 1, rounds]));
  });

  it("are all kept where something in them can be undone, and are undone in reverse, over all of them", () => {
    const { state } = play(roundsBy(writer, 70), "improve#70/last");
    expect(state).toMatchObject({ status: "compensating", failed: "improve#70/last" });
    const finished = allSteps(state.steps)
      .filter(({ order, output }) => order !== undefined && output !== undefined)
      .sort((one, other) => (other.order ?? 0) - (one.order ?? 0));
    expect(new Set(finished.map(({ name }) => /^improve#\d+/.exec(name)?.[0])).size).toBe(70);
    expect([finished[0]?.status, finished[0]?.name]).toEqual(["compensating", "improve#70/again#3/only"]);
    expect(remainingCompensations(state)).toEqual(finished.slice(1).map(({ name }) => name));
  });
});
