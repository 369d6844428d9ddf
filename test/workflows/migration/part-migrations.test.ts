/** Changes to a workflow whose items and rounds are workflows, each at every cut of a run's history: it goes on to the end, or is refused and says why. */

import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { defineAgent } from "../../../src/agents/agent-definition.ts";
import { advance } from "../../../src/workflows/coordination/advance.ts";
import { planWorkflow } from "../../../src/workflows/coordination/workflow-plan.ts";
import { defineWorkflow } from "../../../src/workflows/definition/define-workflow.ts";
import type { WorkflowDefinition } from "../../../src/workflows/definition/workflow-definition.ts";
import { newRun, type RunState } from "../../../src/workflows/history/run-state.ts";
import { judgeMigration } from "../../../src/workflows/migration/judge-migration.ts";
import { allSteps } from "../../../src/workflows/steps/run-steps.ts";
import { startRun } from "../../../src/workflows/supervisor/run-start.ts";
import { codec, stepsIn, terms } from "../support/example-workflow.ts";

const N = v.object({ n: v.number() });
const agentOf = (name: string, output: v.GenericSchema = N, compensate?: () => undefined) =>
  defineAgent("test:agents", {
    name,
    version: "1.0.0",
    input: N,
    output: output as typeof N,
    execute: ({ n }) => ({ n }),
    ...(compensate === undefined ? {} : { compensate }),
  });
const adder = agentOf("adder");
const payer = agentOf("payer", N, () => undefined);
const noting = agentOf("adder", v.object({ n: v.number(), note: v.optional(v.string(), "none") }));

const inner = (name: string, first: typeof adder, second: typeof adder) =>
  defineWorkflow("test:workflows", { name, version: "1", input: N })
    .step("first", first, ({ input }) => input)
    .step("second", second, { after: ["first"] }, ({ first: one }) => ({ n: one.n }));
const longer = (name: string) =>
  inner(name, adder, payer).step("third", adder, { after: ["second"] }, ({ second }) => second);

interface Parts {
  readonly items?: ReturnType<typeof inner>;
  readonly rounds?: ReturnType<typeof inner> | typeof adder;
  readonly max?: number;
}

const startOf = (version: string, retired: readonly (typeof adder)[] = []) =>
  defineWorkflow("test:workflows", {
    name: "w",
    version,
    input: N,
    ...(version === "1" ? {} : { follows: ["1"] }),
    ...(retired.length === 0 ? {} : { retired }),
  }).step("start", adder, ({ input }) => input);

const looped = (before: ReturnType<typeof startOf>, { rounds = inner("round", adder, payer), max = 3 }: Parts) =>
  before.loop(
    "turn",
    rounds as ReturnType<typeof inner>,
    { after: ["start"], until: ({ round }) => round === 2, max, onMax: "accept" },
    ({ round }) => ({ n: round }),
  );

/** Two items at a time and two rounds, each of two steps, and a last step. */
const of = (version: string, { items = inner("item", adder, payer), ...parts }: Parts = {}) =>
  looped(
    startOf(version).each("check", items, { after: ["start"], over: () => [1, 2, 3], concurrency: 2 }, ({ item }) => ({
      n: item,
    })) as never,
    parts,
  ).step("end", adder, { after: ["check", "turn"] as never }, () => ({ n: 1 }));

const withoutList = (retired: readonly (typeof adder)[]) =>
  looped(startOf("2", retired), {}).step("end", adder, { after: ["turn"] }, () => ({ n: 1 }));

type Steps = ReturnType<typeof stepsIn>;
const hasBegun = (steps: Steps, path: string): boolean => steps[path]?.status !== "pending";
const inFlight = (steps: Steps): readonly string[] =>
  Object.values(steps).flatMap(({ name, status }) => (status === "started" ? [name] : []));

interface Change {
  readonly what: string;
  readonly to: unknown;
  /** A part of each reason for which a run is refused that stands so. */
  refused(steps: Steps): readonly string[];
}

const changes: readonly Change[] = [
  {
    what: "a step is added at the end",
    to: of("2").step("mail", adder, { after: ["end"] }, ({ end }) => end),
    refused: () => [],
  },
  {
    what: "an item has a step more",
    to: of("2", { items: longer("item") }),
    refused: (steps) => (hasBegun(steps, "check") ? [`"check" has begun, and its items have other steps`] : []),
  },
  {
    what: "a round has a step more",
    to: of("2", { rounds: longer("round") }),
    refused: (steps) => (hasBegun(steps, "turn") ? [`"turn" has begun, and its rounds have other steps`] : []),
  },
  {
    what: "a round is done by an agent",
    to: of("2", { rounds: adder }),
    refused: (steps) => (hasBegun(steps, "turn") ? [`"turn" has begun, and its rounds have other steps`] : []),
  },
  {
    what: "there are fewer rounds",
    to: of("2", { max: 1 }),
    refused: (steps) =>
      (steps["turn"]?.loop?.round ?? 0) > 1 ? [`"turn" has begun round 2, and may have 1 in the new`] : [],
  },
  {
    what: "an agent of a step in rounds and items says more",
    to: of("2", { rounds: inner("round", noting, payer), items: inner("item", noting, payer) }),
    refused: (steps) =>
      inFlight(steps).some((path) => path.endsWith("/first")) ? [`/first" is in flight, and its agent or its`] : [],
  },
  {
    what: "the list is removed",
    to: withoutList([]),
    refused: (steps) => [
      ...(steps["check"]?.status === "open" ? [`no "check", which has begun, and is not over`] : []),
      ...(Object.values(steps).some(({ name, status }) => name.endsWith("]/second") && status === "finished")
        ? [`/second", which is still to be undone by payer@1.0.0: give it that agent in its retired`]
        : []),
    ],
  },
  {
    what: "the list is removed, and its agent retired",
    to: withoutList([payer]),
    refused: (steps) => (steps["check"]?.status === "open" ? [`no "check", which has begun, and is not over`] : []),
  },
];

/** All states of a run from one on, to its end. */
function statesFrom(to: unknown, first: RunState): readonly RunState[] {
  const plan = planWorkflow(to as WorkflowDefinition);
  const states = [first];
  for (let state = first; ; states.push(state)) {
    const next = allSteps(state.steps).find(({ status }) => status === "started");
    if (next === undefined) return states;
    const step = advance(plan, state, { type: "step-finished", step: next.name, output: { n: 1 } }, terms);
    expect(step, `${next.name} may finish`).toBeDefined();
    ({ next: state } = step!);
  }
}

function begin(workflow: unknown): RunState {
  const plan = planWorkflow(workflow as WorkflowDefinition);
  const started = startRun(plan, { n: 1 }, {}, { coordination: "orchestrator", epoch: 1 }, terms);
  return advance(plan, newRun, started, terms)!.next;
}

describe("a run with items and rounds that are workflows, at every cut of its history", () => {
  const cuts = statesFrom(of("1"), begin(of("1")));

  it.each(changes)("goes on, or is refused and says why: $what", ({ to, refused }) => {
    const came = { ok: 0, refused: 0 };
    expect(cuts.at(-1)?.status).toBe("completed");
    for (const state of cuts.slice(0, -1)) {
      const plan = planWorkflow(to as WorkflowDefinition);
      const former = planWorkflow(of("1"));
      const judgement = judgeMigration("r", state, plan, { codec, epoch: state.epoch + 1, former });
      const why = refused(stepsIn(state));
      if (judgement.outcome === "refused") {
        came.refused++;
        expect(why, judgement.reasons.join("; ")).not.toEqual([]);
        for (const part of why) expect(judgement.reasons.join("; ")).toContain(part);
        continue;
      }
      came.ok++;
      expect(why).toEqual([]);
      const { next } = advance(plan, state, judgement.event, terms, judgement.ends)!;
      const end = statesFrom(to, next).at(-1);
      expect(end?.status).toBe("completed");
      for (const { name } of plan.outlines) expect(stepsIn(end as RunState)[name]?.status, name).toBe("finished");
    }
    expect(came.ok, "some go on").toBeGreaterThan(0);
  });

  it("is told once why, and for how many items and rounds", () => {
    const state = cuts.at(-2) as RunState;
    const judgement = judgeMigration("r", state, planWorkflow(withoutList([])), {
      codec,
      epoch: state.epoch + 1,
    });
    expect(judgement).toEqual({
      outcome: "refused",
      reasons: [
        `the new definition has no "check[0]/second", which is still to be undone by payer@1.0.0: give it that agent in its retired ` +
          "(and so for 2 more items or rounds)",
      ],
    });
  });
});
