/** Makes the steps of a workflow from what their builder was given. Whether they fit into it, `check-step.ts` says. */

import * as v from "valibot";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import { checkOptions } from "../../contracts/check-options.ts";
import { shown } from "../../values/shown.ts";
import type { LoopDoers } from "./loop-options.ts";
import type {
  AgentStep,
  EachStep,
  LoopStep,
  MappingSources,
  PauseStep,
  StepBase,
  SubWorkflowStep,
  WaitStep,
  WorkflowDefinition,
} from "./workflow-definition.ts";

/** A function of a workflow, before its result is checked. */
export type Mapping = (sources: MappingSources) => unknown;

/** The options of any step, before they are checked. */
export interface UntypedOptions {
  readonly after?: readonly string[];
  readonly needs?: readonly string[];
  readonly when?: Mapping;
  readonly otherwise?: Mapping;
  readonly fallback?: AgentStep["fallback"];
  readonly pointOfNoReturn?: boolean;
  readonly answer?: v.GenericSchema;
  readonly timeout?: number;
  readonly ms?: number;
  readonly until?: Mapping;
  readonly over?: Mapping;
  readonly concurrency?: number;
  readonly max?: number;
  readonly tolerate?: EachStep["tolerate"];
  readonly who?: Mapping;
  readonly onMax?: LoopStep["onMax"];
  readonly inbox?: v.GenericSchema;
}

/** Of what is unknown here, `check-step.ts` says what is wrong. */
const ofAnyStep = {
  after: v.optional(v.array(v.string())),
  needs: v.optional(v.array(v.string())),
  when: v.optional(v.unknown()),
};

const stepOptions = v.strictObject({
  ...ofAnyStep,
  otherwise: v.optional(v.unknown()),
  fallback: v.optional(v.unknown()),
  pointOfNoReturn: v.optional(v.unknown()),
});

const subWorkflowOptions = v.strictObject({ ...ofAnyStep, otherwise: v.optional(v.unknown()) });

/** Milliseconds; a pause may also be over at once. */
const milliseconds = (least: number) =>
  v.custom<number>(
    (ms) => Number.isFinite(ms) && (ms as number) >= least,
    ({ received }) => `expected a number of milliseconds ${least === 0 ? "from" : "above"} 0, received ${received}`,
  );

const waitOptions = v.strictObject({
  ...ofAnyStep,
  otherwise: v.optional(v.unknown()),
  answer: v.unknown(),
  timeout: v.optional(milliseconds(Number.MIN_VALUE)),
});

/** What the options of an each are when they are left out. */
const eachDefaults = { concurrency: 8, max: 1_000 } as const;

const positive = v.pipe(v.number(), v.integer(), v.minValue(1));
/** The paths of items and rounds have numbers of nine digits at most. */
const most = 1_000_000;

const eachOptions = v.strictObject({
  ...ofAnyStep,
  otherwise: v.optional(v.unknown()),
  fallback: v.optional(v.unknown()),
  over: v.unknown(),
  concurrency: v.optional(positive),
  max: v.optional(v.pipe(positive, v.maxValue(most))),
  tolerate: v.optional(
    v.union([
      v.pipe(v.number(), v.integer(), v.minValue(0)),
      v.strictObject({ share: v.pipe(v.number(), v.minValue(0), v.maxValue(1)) }),
      v.literal("all"),
    ]),
  ),
});

const loopOptions = v.strictObject({
  ...ofAnyStep,
  otherwise: v.optional(v.unknown()),
  who: v.optional(v.unknown()),
  until: v.unknown(),
  max: v.pipe(positive, v.maxValue(most)),
  onMax: v.optional(v.picklist(["fail", "accept"])),
  inbox: v.optional(v.unknown()),
});

const pauseOptions = v.strictObject({ ...ofAnyStep, ms: v.optional(milliseconds(0)), until: v.optional(v.unknown()) });

/** The arguments after a step's name and what does it. */
export type StepRest = readonly [Mapping] | readonly [UntypedOptions, Mapping];

/** A step of an agent, or a sub-workflow: what does it says which. */
export function doneStep(
  name: string,
  does: AgentDefinition | WorkflowDefinition,
  rest: StepRest,
): AgentStep | SubWorkflowStep {
  const [options, map] = rest.length === 1 ? [{}, rest[0]] : rest;
  return does?.kind === "workflow"
    ? subWorkflowStep(name, does, options ?? {}, map)
    : agentStep(name, does, options ?? {}, map);
}

function subWorkflowStep(
  name: string,
  workflow: WorkflowDefinition,
  options: UntypedOptions,
  map: Mapping,
): SubWorkflowStep {
  checkOptions(`step ${shown(name)}`, subWorkflowOptions, options);
  return Object.freeze({ kind: "workflow", ...baseOf(name, options), workflow, map });
}

function agentStep(name: string, agent: AgentDefinition, options: UntypedOptions, map: Mapping): AgentStep {
  checkOptions(`step ${shown(name)}`, stepOptions, options);
  const { fallback, pointOfNoReturn = false } = options;
  return Object.freeze({
    kind: "agent",
    ...baseOf(name, options),
    agent,
    map,
    fallback,
    isPivot: pointOfNoReturn,
  });
}

export function eachStep(
  name: string,
  does: AgentDefinition | WorkflowDefinition,
  options: UntypedOptions,
  map: Mapping,
): EachStep {
  checkOptions(`each ${shown(name)}`, eachOptions, options);
  const { over, concurrency = eachDefaults.concurrency, max = eachDefaults.max, tolerate, fallback } = options;
  const own = { over: over as Mapping, map, concurrency, max, tolerate, fallback };
  return Object.freeze({ kind: "each", ...baseOf(name, options), does, ...own });
}

/** A loop of one agent, or of one workflow, is one of several in which that does every round. */
export function loopStep(
  name: string,
  does: LoopDoers,
  options: UntypedOptions,
  maps: Mapping | Readonly<Record<string, Mapping>>,
): LoopStep {
  checkOptions(`loop ${shown(name)}`, loopOptions, options);
  const { who, until, max = 0, onMax = "fail", inbox } = options;
  const isOne = isOneDoer(does);
  return Object.freeze({
    kind: "loop",
    ...baseOf(name, options),
    // in JavaScript, it may be anything
    does: Object.freeze(isOne ? { [does.name]: does } : typeof does === "object" ? { ...does } : {}),
    maps: Object.freeze(isOne ? { [does.name]: maps as Mapping } : { ...(maps as Record<string, Mapping>) }),
    who: isOne ? undefined : who,
    until: until as Mapping,
    max,
    onMax,
    inbox,
  });
}

function isOneDoer(does: LoopDoers): does is AgentDefinition | WorkflowDefinition {
  return does?.kind === "agent" || does?.kind === "workflow";
}

export function waitStep(name: string, options: UntypedOptions, question: Mapping): WaitStep {
  checkOptions(`waitFor ${shown(name)}`, waitOptions, options);
  const { answer, timeout } = options;
  return Object.freeze({
    kind: "wait",
    ...baseOf(name, options),
    answer: answer as v.GenericSchema,
    question,
    timeout,
  });
}

export function pauseStep(name: string, options: UntypedOptions): PauseStep {
  checkOptions(`pause ${shown(name)}`, pauseOptions, options);
  const { ms, until } = options;
  // with both, or with neither, it is no time
  return Object.freeze({
    kind: "pause",
    ...baseOf(name, options),
    until: (ms === undefined) === (until === undefined) ? Number.NaN : ((ms ?? until) as number | Mapping),
  });
}

function baseOf(name: string, { after = [], needs = [], when, otherwise }: UntypedOptions): StepBase {
  return {
    name,
    after: Object.freeze([...after, ...needs]),
    needs: Object.freeze([...needs]),
    when,
    otherwise,
  };
}
