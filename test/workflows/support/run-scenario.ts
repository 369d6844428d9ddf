/** Random workflows, and schedules of everything that can happen to their runs; what came of one, and what has to hold. */

import fc from "fast-check";
import { expect } from "vitest";
import * as v from "valibot";
import { type AgentContext, type AgentDefinition, defineAgent } from "../../../src/agents/agent-definition.ts";
import type { Coordination } from "../../../src/workflows/history/coordination.ts";
import type { EndStatus, Proposal, RunEvent } from "../../../src/workflows/history/run-event.ts";
import { eventOf } from "../../../src/workflows/history/run-note.ts";
import type { Snapshot } from "../../../src/store/versions/snapshot.ts";
import type { RunState } from "../../../src/workflows/history/run-state.ts";
import type { StepDefinition, WorkflowDefinition } from "../../../src/workflows/definition/workflow-definition.ts";
import { allSteps } from "../../../src/workflows/steps/run-steps.ts";
import { defineWorkflow } from "../../../src/workflows/definition/define-workflow.ts";
import { isTroupeError } from "../../../src/errors/troupe-error.ts";
import type { NetworkOptions, RunNetwork as Network } from "./run-network.ts";

export interface StepPlan {
  /** Waits and pauses have no agent, whatever `agent` says. */
  readonly kind: StepDefinition["kind"];
  /** Whether a wait is given up after a while. */
  readonly hasTimeout: boolean;
  /** Indexes of earlier steps: those that have to settle, and those that have to finish. */
  readonly after: readonly number[];
  readonly needs: readonly number[];
  /** It is done if the sum of what it maps leaves another rest by 3; `undefined`: it is always done. */
  readonly skippedAt: number | undefined;
  readonly hasOtherwise: boolean;
  /** Which of the agents does it; agents are shared between steps. */
  readonly agent: number;
  /** `once`: its first execution; `undoing-once`: its first compensation. */
  readonly fails: "never" | "executing" | "once" | "mapping" | "compensating" | "undoing-once";
  readonly heedsAbort: boolean;
  readonly hasFallback: boolean;
  /** Of a sub-workflow, its steps; of an each or a loop, those of an item or a round that is a workflow. */
  readonly inner?: readonly StepPlan[];
  /** Of an each. */
  readonly each?: EachPlan;
  readonly loop?: LoopPlan;
}

export interface LoopPlan {
  /** Which of the agents do its rounds, if no workflow does: the value of the round before says which one does the next. */
  readonly agents: readonly number[];
  /** It is done when a value leaves 0 by this, or after so many rounds. */
  readonly doneAt: number;
  readonly max: number;
  readonly hasInbox: boolean;
  /** Those rounds fail for good, or once, whose number leaves 0 by this. */
  readonly failing: number;
}

export interface EachPlan {
  readonly concurrency: number;
  /** How many items fail for good, or once; of them, so many are tolerated. */
  readonly tolerate: number | undefined;
  /** It has as many items as the sum of what it maps leaves by 7, or by 3 where they are workflows, and those fail whose index leaves 0 by this. */
  readonly failing: number;
}

export interface AgentPlan {
  readonly isCompensable: boolean;
  readonly undoesUnknown: boolean;
  readonly concurrency: number;
  /** How often it is tried. */
  readonly attempts: number;
}

/** What the user or fate does in between. */
export type Intervention = "switch" | "cancel" | "lose" | "crash" | "crash-cancel" | "tell" | undefined;

export interface Moment {
  readonly pick: number;
  readonly repeats: boolean;
  readonly intervention: Intervention;
}

export interface Scenario {
  readonly steps: readonly StepPlan[];
  readonly agents: readonly AgentPlan[];
  /** Which of the steps is the point of no return. */
  readonly pivot: number | undefined;
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
  /** Whether agents are tried again. */
  readonly retries?: boolean;
  readonly fallbacks?: boolean;
  readonly pivots?: boolean;
  /** Whether steps may be skipped. */
  readonly branches?: boolean;
  /** Whether there are waits and pauses. */
  readonly waits?: boolean;
  /** Whether there are lists. */
  readonly eaches?: boolean;
  /** Whether items and rounds may be workflows, as deep as sub-workflows may lie in each other. */
  readonly bodies?: boolean;
  /** Whether there are loops. */
  readonly loops?: boolean;
  /** How deep sub-workflows may lie in each other. */
  readonly depth?: number;
  /** Whether a few of the workflows have up to 40 steps, and not 7. */
  readonly large?: boolean;
}

const agentCount = 4;
/** Most workflows have so many steps at most, each after any of the earlier ones; the others have a few before each further step. */
const smallSize = 7;
const largeSize = 40;

/** Scenarios with the given troubles and no others. */
export function scenarios({
  fails = [],
  interventions = [],
  repeats = false,
  retries = false,
  fallbacks = false,
  pivots = false,
  branches = false,
  waits = false,
  depth: deepest = 0,
  eaches = false,
  bodies = false,
  loops = false,
  large = false,
}: ScenarioConstraints = {}): fc.Arbitrary<Scenario> {
  const fail = fc.oneof(
    { weight: 7, arbitrary: fc.constant("never" as const) },
    ...(fails.length > 0 ? [{ weight: 1, arbitrary: fc.constantFrom(...fails) }] : []),
  );
  const each = fc.record({
    concurrency: fc.integer({ min: 1, max: 3 }),
    tolerate: fc.option(fc.nat(3), { nil: undefined }),
    failing: fc.integer({ min: 2, max: 6 }),
  });
  const loop = fc.record({
    agents: fc.array(fc.nat(agentCount - 1), { minLength: 1, maxLength: 3 }),
    doneAt: fc.integer({ min: 2, max: 5 }),
    max: fc.integer({ min: 1, max: 5 }),
    hasInbox: fc.boolean(),
    failing: fc.integer({ min: 1, max: 4 }),
  });
  const kindAt = perNumber((depth) => {
    const inner = depth > 0 ? stepsOf(1, 4, depth - 1) : fc.constant([]);
    return fc.oneof(
      { weight: 2, arbitrary: fc.constant({ kind: "agent" as const }) },
      { weight: waits ? 2 : 0, arbitrary: fc.constant({ kind: "wait" as const }) },
      { weight: waits ? 1 : 0, arbitrary: fc.constant({ kind: "pause" as const }) },
      { weight: depth > 0 ? 1 : 0, arbitrary: fc.record({ kind: fc.constant("workflow" as const), inner }) },
      { weight: eaches ? 1 : 0, arbitrary: fc.record({ kind: fc.constant("each" as const), each }) },
      {
        weight: bodies && depth > 0 ? 2 : 0,
        arbitrary: fc.record({ kind: fc.constant("each" as const), each, inner }),
      },
      { weight: loops ? 1 : 0, arbitrary: fc.record({ kind: fc.constant("loop" as const), loop }) },
      {
        weight: loops && bodies && depth > 0 ? 2 : 0,
        arbitrary: fc.record({
          kind: fc.constant("loop" as const),
          loop: loop.map((plan) => ({ ...plan, max: Math.min(plan.max, mostWholeRounds) })),
          inner: inner.map(neverIdle),
        }),
      },
    );
  });
  const step = (index: number, depth: number): fc.Arbitrary<StepPlan> =>
    fc
      .record({
        before:
          index < smallSize
            ? fc.subarray([...Array(index).keys()])
            : fc.uniqueArray(fc.nat(index - 1), { maxLength: 3 }).map((some) => some.toSorted((a, b) => a - b)),
        isNeeded: branches ? fc.array(fc.boolean(), { minLength: index, maxLength: index }) : fc.constant([]),
        agent: fc.nat(agentCount - 1),
        fails: fail,
        heedsAbort: fc.boolean(),
        hasFallback: fallbacks ? fc.boolean() : fc.constant(false),
        skippedAt: branches ? fc.option(fc.nat(2), { nil: undefined }) : fc.constant(undefined),
        standsIn: branches ? fc.boolean() : fc.constant(false),
        what: kindAt(depth),
        isTimed: fc.boolean(),
      })
      .map(({ before, isNeeded, standsIn, isTimed, what, fails: failing, ...plan }) => {
        const { kind } = what;
        const needs = before.filter((earlier) => isNeeded[earlier] === true);
        const hasTimeout = kind === "wait" && isTimed;
        const mayStandIn = hasTimeout || needs.length > 0 || plan.skippedAt !== undefined;
        return {
          ...plan,
          ...what,
          hasTimeout,
          fails: (isDoneByAgents(kind) && !("inner" in what)) || failing === "mapping" ? failing : ("never" as const),
          after: before.filter((earlier) => !needs.includes(earlier)),
          needs,
          hasOtherwise: kind !== "pause" && kind !== "each" && mayStandIn && (standsIn || hasTimeout),
        };
      });
  const planAt = perNumber((depth) => perNumber((index) => step(index, depth)));
  const stepsOf = (min: number, max: number, depth: number): fc.Arbitrary<StepPlan[]> =>
    fc
      .integer({ min, max })
      .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => planAt(depth)(index))));
  const moment = fc.record({
    pick: fc.nat(11),
    repeats: repeats ? fc.boolean() : fc.constant(false),
    intervention: fc.oneof(
      { weight: 5, arbitrary: fc.constant(undefined) },
      ...(interventions.length > 0 ? [{ weight: 1, arbitrary: fc.constantFrom(...interventions) }] : []),
    ),
  });
  const coordination = fc.constantFrom<Coordination>("orchestrator", "relay");
  const given = fc.record({
    steps: fc.oneof(
      { weight: 14, arbitrary: stepsOf(1, smallSize, deepest) },
      ...(large ? [{ weight: 1, arbitrary: stepsOf(smallSize + 1, largeSize, deepest) }] : []),
    ),
    agents: fc.array(
      fc.record({
        isCompensable: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.constant(false)),
        undoesUnknown: fc.boolean(),
        concurrency: fc.integer({ min: 1, max: 2 }),
        attempts: retries ? fc.integer({ min: 1, max: 3 }) : fc.constant(1),
      }),
      { minLength: agentCount, maxLength: agentCount },
    ),
    pivot: pivots ? fc.option(fc.nat(6), { nil: undefined }) : fc.constant(undefined),
    coordination,
    runs: fc.integer({ min: 1, max: 3 }),
    pinned: fc.option(coordination, { nil: undefined, freq: 4 }),
    isAsync: fc.boolean(),
    schedule: fc.array(moment, { maxLength: 120, size: "max" }),
  });
  // a wait is no point of no return
  return given.map((scenario) =>
    scenario.steps[scenario.pivot ?? 0]?.kind === "agent" ? scenario : { ...scenario, pivot: undefined },
  );
}

/** Loops lie in each other, so that rounds of whole workflows multiply. */
const mostWholeRounds = 3;

/** In a round, something has to be done: here by the first step. */
function neverIdle([first, ...others]: readonly StepPlan[]): readonly StepPlan[] {
  if (first === undefined) return [];
  const { inner: _, each: __, ...plan } = first;
  const isIdle = plan.kind === "each" || plan.kind === "workflow";
  const own = isIdle ? { ...plan, kind: "agent" as const } : first;
  return [{ ...own, skippedAt: undefined, hasOtherwise: plan.hasTimeout }, ...others];
}

/** What `make` gives for each number, made once: fast-check draws from an arbitrary faster than one is made. */
function perNumber<T>(make: (number: number) => T): (number: number) => T {
  const made: T[] = [];
  return (number) => (made[number] ??= make(number));
}

function isDoneByAgents(kind: StepPlan["kind"]): boolean {
  return kind === "agent" || kind === "each" || kind === "loop";
}

/** What a run came to. */
export interface Outcome {
  readonly id: string;
  readonly state: RunState;
  readonly status: EndStatus | "unfinished";
  readonly events: readonly RunEvent[];
  readonly versions: readonly Snapshot<RunState>[];
  readonly output: unknown;
  readonly executed: readonly string[];
  /** Of all compensations that were begun, the step, in order. */
  readonly compensated: readonly string[];
  /** Those among them that undid a step whose effects were unknown. */
  readonly compensatedUnknown: readonly string[];
}

export interface Played {
  readonly runs: readonly Outcome[];
  readonly errors: readonly unknown[];
  /** What participants still remember at the end. */
  readonly leftovers: number;
  /** Proposals that the history did not accept. */
  readonly refused: readonly Proposal[];
  /** The messages to loops whose senders know that they were taken. */
  readonly taken: readonly Told[];
}

/** A message to a loop. Its key is its value. */
interface Told {
  readonly run: string;
  readonly step: string;
  readonly key: string;
}

const Answer = v.object({ value: v.number() });
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
  const ids = Array.from({ length: scenario.runs }, (_, index) => `r${index}`);
  network.begun.push(network.supervisor.switchCoordination(scenario.coordination));
  if (scenario.isAsync) await network.step(0);
  const paths = pathsOf(scenario.steps);
  /** All steps that a run has now, those of items too. */
  const pathsNow = (id: string): readonly Planned[] => {
    const state = network.runs.versions(id).at(-1)?.state;
    if (state === undefined) return paths;
    const names = allSteps(state.steps).filter(
      ({ name }) => /(\]|#\d+)\/.*s\d+$/.test(name) && !/[\]#][^/]*$/.test(name),
    );
    return [...paths, ...names.flatMap(({ name }): Planned[] => [[name, stepAt(scenario, name) as StepPlan]])];
  };
  const taken: Told[] = [];
  let messages = 0;
  /** Tells a wait its answer, or a loop a message: each third one again, under the key of the one before. */
  const tell = (id: string, path: Planned | undefined): void => {
    const [step, { kind, loop }] = path ?? ["", { kind: "agent" } as StepPlan];
    if (kind === "wait") network.begun.push(network.supervisor.tell(id, step, answerTo(indexOf(step)), {}));
    if (loop?.hasInbox !== true) return;
    messages++;
    const value = messages % 3 === 0 ? messages - 1 : messages;
    const key = String(value);
    const told = network.supervisor.tell(id, step, { value }, { idempotencyKey: key });
    network.begun.push(
      (async () => {
        if (await told) taken.push({ run: id, step, key });
      })(),
    );
  };
  const start = (index: number): unknown => {
    const own = scenario.pinned !== undefined && index === ids.length - 1 ? { coordination: scenario.pinned } : {};
    return network.supervisor.start(ids[index] as string, workflow, { n: index }, own);
  };
  for (const index of ids.keys()) network.begun.push(start(index));
  for (const { pick, repeats, intervention } of scenario.schedule) {
    const { supervisor } = network;
    if (intervention === "switch")
      network.begun.push(supervisor.switchCoordination(supervisor.coordination === "relay" ? "orchestrator" : "relay"));
    if (intervention === "lose") network.lose(agents[pick % agents.length] as AgentDefinition);
    if (intervention === "cancel") {
      const cancelled = (async () => supervisor.cancel(ids[pick % ids.length] as string, "by the user"))();
      cancelled.catch((error: unknown) => {
        if (!isTroupeError(error, "past-point-of-no-return")) network.errors.push(error);
      });
    }
    if (intervention === "crash" || intervention === "crash-cancel") {
      network.begun = []; // of the process that died nothing more is heard
      await network.crash(pick % 2 === 0 ? "orchestrator" : "relay", intervention === "crash-cancel");
      for (const [index, id] of ids.entries())
        if (network.runs.versions(id).length === 0) network.begun.push(start(index)); // its start was lost
    }
    if (intervention === "tell") {
      const id = ids[pick % ids.length] as string;
      const now = pathsNow(id);
      tell(id, now[pick % now.length]);
    }
    if (network.choices > 0) await network.step(pick, repeats);
  }
  const known = new Map(ids.map((id) => [id, new Set<string>()]));
  const news = (): readonly (readonly [id: string, path: Planned])[] =>
    ids.flatMap((id) =>
      pathsNow(id)
        .filter(([path]) => known.get(id)?.has(path) !== true)
        .map((path) => [id, path] as const),
    );
  for (let steps = 0, left = news(); left.length > 0 || network.choices > 0; left = news()) {
    for (const [id, path] of left) {
      known.get(id)?.add(path[0]);
      tell(id, path);
    }
    for (; network.choices > 0; steps++) {
      if (steps > 20_000) throw new Error("it never ends");
      await network.step(0);
    }
  }
  await Promise.all(network.begun);
  return {
    runs: ids.map((id) => outcomeOf(id, network)),
    errors: network.errors,
    leftovers: network.participants.reduce((sum, { load }) => sum + load.joins + load.work, 0),
    refused: network.refused,
    taken,
  };
}

/** A step by its path in a run. */
export type Planned = readonly [path: string, step: StepPlan];

/** All steps of a workflow, those of sub-workflows too, and not those of items. */
export function pathsOf(steps: readonly StepPlan[], scope = ""): readonly Planned[] {
  return steps.flatMap((step, index): readonly Planned[] => {
    const path = `${scope}s${index}`;
    return [[path, step], ...(step.kind === "workflow" ? pathsOf(step.inner ?? [], `${path}/`) : [])];
  });
}

/** True for the path of an item or a round that is a workflow. */
export function isWhole(scenario: Pick<Scenario, "steps">, path: string): boolean {
  return /(\]|#\d+)$/.test(path) && stepAt(scenario, path)?.inner !== undefined;
}

/** The step at a path. */
export function stepAt({ steps }: Pick<Scenario, "steps">, path: string): StepPlan | undefined {
  const [first = "", ...rest] = path.replaceAll(/\[\d+\]|#\d+/g, "").split("/");
  const step = steps[indexOf(first)];
  return step === undefined || rest.length === 0 ? step : stepAt({ steps: step.inner ?? [] }, rest.join("/"));
}

/** Where the step at a path is in its own workflow. */
function indexOf(path: string): number {
  return Number(path.slice(path.lastIndexOf("s") + 1));
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
    versions,
    executed: did("executed"),
    compensated: network.effects.flatMap(({ kind, key }) =>
      kind !== "executed" && key.startsWith(`${id}/`) ? [key.slice(id.length + 1)] : [],
    ),
    compensatedUnknown: did("compensated-unknown"),
  };
}

type DoWork = Network["work"];

function agentOf(scenario: Scenario, plan: AgentPlan, index: number, work: DoWork): AgentDefinition {
  const failed = new Set<string>();
  const failsAt = (
    { run, step }: { readonly run: string | undefined; readonly step: string | undefined },
    always: StepPlan["fails"],
    once: StepPlan["fails"],
  ): Error | undefined => {
    const { fails, each, loop } = stepAt(scenario, step ?? "") ?? {};
    const item = Number(/\[(\d+)\]$/.exec(step ?? "")?.[1]);
    if (each !== undefined && (item + 1) % each.failing !== 0) return undefined;
    if (loop !== undefined && roundOf(step ?? "") % loop.failing !== 0) return undefined;
    const isFirst = !failed.has(`${run}/${step}/${once}`);
    if (fails !== always && !(fails === once && isFirst)) return undefined;
    failed.add(`${run}/${step}/${once}`);
    return new Error(`${fails} ${String(step)}`);
  };
  const agent: AgentDefinition = defineAgent("test:agents", {
    name: `agent-${index}`,
    version: "1.0.0",
    input: Numbers,
    output: v.object({ value: v.number() }),
    concurrency: plan.concurrency,
    policies: { retry: { attempts: plan.attempts }, compensationRetry: { attempts: plan.attempts } },
    async execute(numbers, context) {
      await work(context, agent, "executed", failsAt(context, "executing", "once"));
      if (stepAt(scenario, context.step ?? "")?.heedsAbort === true) context.signal.throwIfAborted();
      return { value: valueOf(numbers) };
    },
    ...(plan.isCompensable
      ? {
          compensate: (_output, context) =>
            work(context, agent, "compensated", failsAt(context, "compensating", "undoing-once")),
        }
      : {}),
    ...(plan.undoesUnknown
      ? {
          compensateUnknown: (_input: unknown, context: AgentContext) =>
            work(context, agent, "compensated-unknown", failsAt(context, "compensating", "undoing-once")),
        }
      : {}),
  });
  return agent;
}

/** The number of the round at a path. */
function roundOf(path: string): number {
  return Number(/#(\d+)$/.exec(path)?.[1]);
}

function valueOf({ sum, index }: v.InferOutput<typeof Numbers>): number {
  return (sum * 31 + index + 1) % 1_000_003;
}

/** The run's input and the outputs that are there, together. */
function sumOf({ input, ...outputs }: Record<string, unknown>): number {
  return Object.values(outputs).reduce<number>((sum, output) => sum + worthOf(output), (input as { n: number }).n);
}

/** The number in an output: of an each's, the sum of those that are no errors. */
export function worthOf(output: unknown): number {
  if (Array.isArray(output)) return output.reduce<number>((sum, item) => sum + worthOf(item), 0);
  const { value, output: own } = (output ?? {}) as { value?: number; output?: unknown };
  return value ?? (own === undefined ? 0 : worthOf(own));
}

/** Whoever answers a wait gives the same answer. */
const answerTo = (index: number): { value: number } => ({ value: 100 + index });

/** What stands in for a step that is skipped. */
const standIn = { value: 7 };

interface Branch {
  readonly after: readonly string[];
  readonly needs: readonly string[];
  readonly when?: (sources: Record<string, unknown>) => boolean;
}

interface UntypedBuilder extends WorkflowDefinition {
  step(
    name: string,
    does: AgentDefinition | WorkflowDefinition,
    options: Branch & {
      otherwise?: () => unknown;
      fallback?: (sources: Record<string, unknown>) => unknown;
      pointOfNoReturn?: boolean;
    },
    map: (sources: Record<string, unknown>) => unknown,
  ): UntypedBuilder;
  each(
    name: string,
    does: AgentDefinition | WorkflowDefinition,
    options: Branch & {
      over: (sources: Record<string, unknown>) => unknown;
      concurrency: number;
      tolerate?: number;
    },
    map: (sources: Record<string, unknown>) => unknown,
  ): UntypedBuilder;
  loop(
    name: string,
    does: Readonly<Record<string, AgentDefinition>> | WorkflowDefinition,
    options: Branch & {
      who?: (sources: Record<string, unknown>) => unknown;
      until: (sources: Record<string, unknown>) => unknown;
      max: number;
      onMax: "accept";
      inbox?: v.GenericSchema;
      otherwise?: () => unknown;
    },
    maps:
      | Readonly<Record<string, (sources: Record<string, unknown>) => unknown>>
      | ((sources: Record<string, unknown>) => unknown),
  ): UntypedBuilder;
  waitFor(
    name: string,
    options: Branch & { answer: v.GenericSchema; timeout?: number; otherwise?: () => unknown },
    question: (sources: Record<string, unknown>) => unknown,
  ): UntypedBuilder;
  pause(name: string, options: Branch & { ms: number }): UntypedBuilder;
}

function workflowOf(
  scenario: Pick<Scenario, "steps" | "pivot">,
  agents: readonly AgentDefinition[],
): WorkflowDefinition {
  const start = defineWorkflow("test:workflow", {
    name: "scenario",
    version: "1.0.0",
    input: v.object({ n: v.number() }),
  });
  return scenario.steps.reduce<UntypedBuilder>(
    (workflow, step, index) => {
      const { after, needs, skippedAt, hasOtherwise, agent, fails, hasFallback, hasTimeout } = step;
      const name = `s${index}`;
      const branch: Branch = {
        after: after.map((earlier) => `s${earlier}`),
        needs: needs.map((earlier) => `s${earlier}`),
        ...(skippedAt === undefined ? {} : { when: (sources) => sumOf(sources) % 3 !== skippedAt }),
      };
      const otherwise = hasOtherwise ? { otherwise: () => standIn } : {};
      const map = (sources: Record<string, unknown>): unknown => {
        if (fails === "mapping") throw new Error(`mapping ${name}`);
        return { sum: sumOf(sources), index };
      };
      switch (step.kind) {
        case "agent":
          return workflow.step(
            name,
            agents[agent] as AgentDefinition,
            {
              ...branch,
              ...otherwise,
              pointOfNoReturn: index === scenario.pivot,
              ...(hasFallback ? { fallback: () => ({ value: -1 }) } : {}),
            },
            map,
          );
        case "wait":
          return workflow.waitFor(
            name,
            { ...branch, ...otherwise, answer: Answer, ...(hasTimeout ? { timeout: 50 + index } : {}) },
            map,
          );
        case "pause":
          return workflow.pause(name, { ...branch, ms: 10 * index });
        case "each": {
          const { concurrency = 1, tolerate } = step.each ?? {};
          const { inner } = step;
          return workflow.each(
            name,
            inner === undefined
              ? (agents[agent] as AgentDefinition)
              : workflowOf({ steps: inner, pivot: undefined }, agents),
            {
              ...branch,
              over: (sources) => Array.from({ length: sumOf(sources) % mostItems(step) }, (_, at) => 10 * at),
              concurrency,
              ...(tolerate === undefined ? {} : { tolerate }),
            },
            ({ item, index: at, ...sources }) => {
              if (fails === "mapping" && (Number(at) + 1) % (step.each?.failing ?? 1) === 0) throw new Error("mapping");
              const sum = sumOf(sources) + Number(item);
              return inner === undefined ? { sum, index } : { n: sum };
            },
          );
        }
        case "loop": {
          const { agents: doers = [], max = 1, hasInbox = false, failing = 1, doneAt = 1 } = step.loop ?? {};
          const names = doers.map((_, at) => `a${at}`);
          const mapRound = ({ last, by: _, round, told, ...sources }: Record<string, unknown>): unknown => {
            if (fails === "mapping" && Number(round) % failing === 0) throw new Error("mapping");
            const sum = sumOfRound(sumOf(sources), worthOf(last), told as readonly { value: number }[]);
            return step.inner === undefined ? { sum, index } : { n: sum };
          };
          const options = {
            ...branch,
            ...otherwise,
            until: ({ last }: Record<string, unknown>) => worthOf(last) % doneAt === 0,
            max,
            onMax: "accept" as const,
            ...(hasInbox ? { inbox: Answer } : {}),
          };
          if (step.inner !== undefined)
            return workflow.loop(name, workflowOf({ steps: step.inner, pivot: undefined }, agents), options, mapRound);
          return workflow.loop(
            name,
            Object.fromEntries(doers.map((doer, at) => [`a${at}`, agents[doer] as AgentDefinition])),
            { ...options, who: ({ last, round }) => names[doerOf(worthOf(last), Number(round), names.length)] },
            Object.fromEntries(names.map((who) => [who, mapRound])),
          );
        }
        case "workflow": {
          const inner = workflowOf({ steps: step.inner ?? [], pivot: undefined }, agents);
          return workflow.step(name, inner, { ...branch, ...otherwise }, (sources) => ({
            n: (map(sources) as { readonly sum: number }).sum,
          }));
        }
      }
    },
    start as unknown as UntypedBuilder,
  );
}

/** What a round maps: what came before the loop, the value of the round before, and what it was told. */
function sumOfRound(before: number, last: number, told: readonly { readonly value: number }[]): number {
  return told.reduce((sum, { value }) => sum + 7 * value, before + last);
}

/** Of whole workflows there are fewer, as there may be lists in them. */
function mostItems({ inner }: StepPlan): number {
  return inner === undefined ? 7 : 3;
}

/** Which of a loop's agents does a round. */
export function doerOf(last: number, round: number, count: number): number {
  return (last + round) % count;
}

/**
 * What becomes of a run of the workflow for the input `n` if nothing fails, by plain arithmetic: its output, the paths that it skips, and
 * all that settle. The steps of a sub-workflow that is skipped are not among them.
 *
 * @param expired the waits that were given up, and `told` what each round was told: the schedule decides it.
 */
export function expected(
  { steps }: Pick<Scenario, "steps">,
  n: number,
  expired: ReadonlySet<string>,
  told: ReadonlyMap<string, readonly { readonly value: number }[]> = new Map(),
  scope = "",
): { readonly output: unknown; readonly skipped: readonly string[]; readonly settled: readonly string[] } {
  const outputs: unknown[] = [];
  const skipped: string[] = [];
  const settled: string[] = [];
  const missing = new Set<number>();
  for (const [index, step] of steps.entries()) {
    const { kind, after, needs, skippedAt, hasOtherwise, inner = [], each, loop, fails } = step;
    const path = `${scope}s${index}`;
    const sum = [...after, ...needs].reduce((total, earlier) => total + worthOf(outputs[earlier]), n);
    const isDone =
      needs.every((earlier) => !missing.has(earlier)) && (skippedAt === undefined || sum % 3 !== skippedAt);
    settled.push(path);
    if (!isDone) skipped.push(path);
    if (!isDone && !hasOtherwise) missing.add(index);
    if (!isDone || expired.has(path)) outputs.push(hasOtherwise ? standIn : undefined);
    else if (kind === "pause") outputs.push(undefined);
    else if (kind === "workflow") {
      const within = expected({ steps: inner }, sum, expired, told, `${path}/`);
      outputs.push(within.output);
      skipped.push(...within.skipped);
      settled.push(...within.settled);
    } else if (each !== undefined) {
      const items = Array.from({ length: sum % mostItems(step) }, (_, at) => {
        settled.push(`${path}[${at}]`);
        const isFailing = (fails === "executing" || fails === "mapping") && (at + 1) % each.failing === 0;
        let output: unknown = { value: valueOf({ sum: sum + 10 * at, index }) };
        if (kind === "each" && step.inner !== undefined && !isFailing) {
          const within = expected({ steps: inner }, sum + 10 * at, expired, told, `${path}[${at}]/`);
          ({ output } = within);
          skipped.push(...within.skipped);
          settled.push(...within.settled);
        }
        return each.tolerate === undefined ? output : isFailing ? { error: expect.anything() as unknown } : { output };
      });
      outputs.push(items);
    } else if (loop !== undefined) {
      let last: unknown;
      const toldAt = (round: number): readonly { readonly value: number }[] => told.get(`${path}#${round}`) ?? [];
      for (let round = 1; ; round++) {
        const given = sumOfRound(sum, worthOf(last), toldAt(round));
        last = { value: valueOf({ sum: given, index }) };
        settled.push(`${path}#${round}`);
        if (step.inner !== undefined) {
          const within = expected({ steps: inner }, given, expired, told, `${path}#${round}/`);
          last = within.output;
          skipped.push(...within.skipped);
          settled.push(...within.settled);
        }
        if ((worthOf(last) % loop.doneAt === 0 || round >= loop.max) && toldAt(round + 1).length === 0) break;
      }
      outputs.push(last);
    } else outputs.push(kind === "wait" ? answerTo(index) : { value: valueOf({ sum, index }) });
  }
  return { output: outputs.at(-1), skipped, settled };
}
