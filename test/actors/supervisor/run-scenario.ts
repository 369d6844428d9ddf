/** Random workflows, and schedules of everything that can happen to their runs; what came of one, and what has to hold. */

import fc from "fast-check";
import * as v from "valibot";
import { type AgentDefinition, defineAgent } from "../../../src/actors/agent-definition.ts";
import type { Coordination } from "../../../src/actors/supervisor/coordination.ts";
import type { EndStatus, Proposal, RunEvent } from "../../../src/actors/supervisor/run-event.ts";
import { eventOf } from "../../../src/actors/supervisor/run-note.ts";
import type { RunState } from "../../../src/actors/supervisor/run-state.ts";
import { defineWorkflow, type WorkflowDefinition } from "../../../src/actors/workflow-definition.ts";
import type { NetworkOptions, RunNetwork as Network } from "./run-network.ts";

export interface StepPlan {
  /** Indexes of earlier steps. */
  readonly after: readonly number[];
  /** Which of the agents does it; agents are shared between steps. */
  readonly agent: number;
  readonly fails: "never" | "executing" | "mapping" | "compensating";
  readonly heedsAbort: boolean;
}

export interface AgentPlan {
  readonly isCompensable: boolean;
  readonly concurrency: number;
}

/** What the user or fate does in between. */
export type Intervention = "switch" | "cancel" | "lose" | undefined;

export interface Moment {
  readonly pick: number;
  readonly repeats: boolean;
  readonly intervention: Intervention;
}

export interface Scenario {
  readonly steps: readonly StepPlan[];
  readonly agents: readonly AgentPlan[];
  readonly coordination: Coordination;
  readonly runs: number;
  /** The last run has a coordination of its own. */
  readonly pinned: Coordination | undefined;
  readonly isAsync: boolean;
  readonly schedule: readonly Moment[];
}

export interface ScenarioConstraints {
  readonly fails?: readonly StepPlan["fails"][];
  readonly interventions?: readonly Exclude<Intervention, undefined>[];
  readonly repeats?: boolean;
}

const agentCount = 4;

/** Scenarios with the given troubles and no others. */
export function scenarios({
  fails = [],
  interventions = [],
  repeats = false,
}: ScenarioConstraints = {}): fc.Arbitrary<Scenario> {
  const fail = fc.oneof(
    { weight: 7, arbitrary: fc.constant("never" as const) },
    ...(fails.length > 0 ? [{ weight: 1, arbitrary: fc.constantFrom(...fails) }] : []),
  );
  const step = (index: number): fc.Arbitrary<StepPlan> =>
    fc.record({
      after: fc.subarray([...Array(index).keys()]),
      agent: fc.nat(agentCount - 1),
      fails: fail,
      heedsAbort: fc.boolean(),
    });
  const moment = fc.record({
    pick: fc.nat(11),
    repeats: repeats ? fc.boolean() : fc.constant(false),
    intervention: fc.oneof(
      { weight: 5, arbitrary: fc.constant(undefined) },
      ...(interventions.length > 0 ? [{ weight: 1, arbitrary: fc.constantFrom(...interventions) }] : []),
    ),
  });
  const coordination = fc.constantFrom<Coordination>("orchestrator", "relay");
  return fc.record({
    steps: fc
      .integer({ min: 1, max: 7 })
      .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => step(index)))),
    agents: fc.array(
      fc.record({
        isCompensable: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.constant(false)),
        concurrency: fc.integer({ min: 1, max: 2 }),
      }),
      { minLength: agentCount, maxLength: agentCount },
    ),
    coordination,
    runs: fc.integer({ min: 1, max: 3 }),
    pinned: fc.option(coordination, { nil: undefined, freq: 4 }),
    isAsync: fc.boolean(),
    schedule: fc.array(moment, { maxLength: 120, size: "max" }),
  });
}

/** What a run came to. */
export interface Outcome {
  readonly id: string;
  readonly state: RunState;
  readonly status: EndStatus | "unfinished";
  readonly events: readonly RunEvent[];
  readonly output: unknown;
  readonly executed: readonly string[];
  readonly compensated: readonly string[];
}

export interface Played {
  readonly runs: readonly Outcome[];
  readonly errors: readonly unknown[];
  /** What participants still remember at the end. */
  readonly leftovers: number;
  /** Proposals that the history did not accept. */
  readonly refused: readonly Proposal[];
}

const Numbers = v.object({ sum: v.number(), index: v.number() });

/** Plays a scenario to the end: its schedule, and then whatever is left to happen, first come, first served. */
export async function play(
  scenario: Scenario,
  faults: Pick<NetworkOptions, "swallows" | "renumbers"> = {},
): Promise<Played> {
  // by name, so that a test can have it made of mutated parts
  const { RunNetwork } = await import("./run-network.ts");
  const work: DoWork = (...doing) => network.work(...doing);
  const agents = scenario.agents.map((plan, index) => agentOf(scenario, plan, index, work));
  const workflow = workflowOf(scenario, agents);
  const network: Network = new RunNetwork({
    workflow,
    coordination: scenario.coordination,
    isAsync: scenario.isAsync,
    ...faults,
  });
  const { supervisor } = network;
  const ids = Array.from({ length: scenario.runs }, (_, index) => `r${index}`);
  const begun: unknown[] = [supervisor.switchCoordination(scenario.coordination)];
  if (scenario.isAsync) await network.step(0);
  for (const [index, id] of ids.entries()) {
    const own = scenario.pinned !== undefined && index === ids.length - 1 ? { coordination: scenario.pinned } : {};
    begun.push(supervisor.start(id, workflow, { n: index }, own));
  }
  for (const { pick, repeats, intervention } of scenario.schedule) {
    if (intervention === "switch")
      begun.push(supervisor.switchCoordination(supervisor.coordination === "relay" ? "orchestrator" : "relay"));
    if (intervention === "lose") network.lose(agents[pick % agents.length] as AgentDefinition);
    if (intervention === "cancel") begun.push(supervisor.cancel(ids[pick % ids.length] as string, "by the user"));
    if (network.choices > 0) await network.step(pick, repeats);
  }
  for (let steps = 0; network.choices > 0; steps++) {
    if (steps > 5000) throw new Error("it never ends");
    await network.step(0);
  }
  await Promise.all(begun);
  return {
    runs: ids.map((id) => outcomeOf(id, network)),
    errors: network.errors,
    leftovers: network.participants.reduce((sum, { load }) => sum + load.joins + load.work, 0),
    refused: network.refused,
  };
}

function outcomeOf(id: string, network: Network): Outcome {
  const versions = network.runs.versions(id);
  const events = versions.flatMap(({ state }) => state.events.map((note) => eventOf(note, state)));
  const state = network.runs.state(id);
  const end = events.at(-1);
  const did = (kind: string): string[] =>
    network.effects
      .filter((effect) => effect.kind === kind && effect.key.startsWith(`${id}/`))
      .map(({ key }) => key.slice(id.length + 1));
  return {
    id,
    state,
    status: end?.type === "run-ended" ? end.status : "unfinished",
    output: end?.type === "run-ended" ? end.output : undefined,
    events,
    executed: did("executed"),
    compensated: did("compensated"),
  };
}

type DoWork = Network["work"];

function agentOf(scenario: Scenario, plan: AgentPlan, index: number, work: DoWork): AgentDefinition {
  const failsAt = (step: string | undefined, when: StepPlan["fails"]): Error | undefined =>
    scenario.steps[Number(step?.slice(1))]?.fails === when ? new Error(`${when} ${String(step)}`) : undefined;
  const agent: AgentDefinition = defineAgent("test:agents", {
    name: `agent-${index}`,
    version: "1.0.0",
    input: Numbers,
    output: v.object({ value: v.number() }),
    concurrency: plan.concurrency,
    async execute(numbers, context) {
      await work(context, agent, "executed", failsAt(context.step, "executing"));
      if (scenario.steps[numbers.index]?.heedsAbort === true) context.signal.throwIfAborted();
      return { value: valueOf(numbers) };
    },
    ...(plan.isCompensable
      ? { compensate: (_output, context) => work(context, agent, "compensated", failsAt(context.step, "compensating")) }
      : {}),
  });
  return agent;
}

function valueOf({ sum, index }: v.InferOutput<typeof Numbers>): number {
  return (sum * 31 + index + 1) % 1_000_003;
}

interface UntypedBuilder extends WorkflowDefinition {
  step(
    name: string,
    agent: AgentDefinition,
    needs: { after: readonly string[] },
    map: (sources: Record<string, unknown>) => unknown,
  ): UntypedBuilder;
}

function workflowOf(scenario: Scenario, agents: readonly AgentDefinition[]): WorkflowDefinition {
  const start = defineWorkflow("test:workflow", {
    name: "scenario",
    version: "1.0.0",
    input: v.object({ n: v.number() }),
  });
  return scenario.steps.reduce<UntypedBuilder>(
    (workflow, { after, agent, fails }, index) =>
      workflow.step(
        `s${index}`,
        agents[agent] as AgentDefinition,
        { after: after.map((earlier) => `s${earlier}`) },
        ({ input, ...outputs }) => {
          if (fails === "mapping") throw new Error(`mapping s${index}`);
          const values = Object.values(outputs as Record<string, { value: number }>).map(({ value }) => value);
          return { sum: values.reduce((sum, value) => sum + value, (input as { n: number }).n), index };
        },
      ),
    start as unknown as UntypedBuilder,
  );
}

/** The output that the workflow must have for the input `n`, by plain arithmetic. */
export function expectedOutput({ steps }: Scenario, n: number): { value: number } {
  const values: number[] = [];
  for (const [index, { after }] of steps.entries()) {
    values.push(valueOf({ sum: after.reduce((sum, earlier) => sum + (values[earlier] ?? Number.NaN), n), index }));
  }
  return { value: values.at(-1) ?? Number.NaN };
}
