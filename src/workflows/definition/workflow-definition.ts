/** A workflow: a DAG of steps. Each step is an agent with a function that maps earlier outputs to the agent's input. */

import * as v from "valibot";
import { schemaProblem } from "../../contracts/check-schema.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { IsCloneable } from "../../values/cloneable.ts";
import { isLetteredName, nameRule } from "../../values/name.ts";
import { checkDefinition } from "../../actors/actor-definition.ts";
import type { ReadonlyParts } from "../../values/readonly-parts.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import { checkOptions } from "../../contracts/check-options.ts";
import { readGiven } from "../../contracts/read-given.ts";
import { shown } from "../../values/shown.ts";

/**
 * Identifies a workflow: any thread can load the workflow by these three fields.
 *
 * @since 0.1.0
 */
export interface WorkflowId {
  readonly module: string;
  readonly name: string;
  readonly version: string;
}

/**
 * The argument of a mapping: the run's input and the outputs of the steps in the step's `after`, by name. They are
 * frozen; a mapping that writes to them fails its step.
 *
 * @experimental
 * @since 0.1.0
 */
export type MappingSources = Readonly<Record<string, unknown>>;

/**
 * One step of a workflow. Its types were checked where it was defined.
 *
 * @experimental
 * @since 0.1.0
 */
export interface StepDefinition {
  /** Unique in the workflow. */
  readonly name: string;
  readonly agent: AgentDefinition;
  /** The steps whose outputs it needs; each was declared before it, so the steps make a DAG. */
  readonly after: readonly string[];
  /** Maps the run's input and the outputs of the steps in `after` to the agent's input. Synchronous and pure. */
  readonly map: (sources: MappingSources) => unknown;
  /** Gives the output in place of an agent that failed for good. Synchronous and pure. */
  readonly fallback: ((sources: MappingSources, error: unknown) => unknown) | undefined;
  /** True for the point of no return: once this step has finished, the run isn't undone any more. */
  readonly isPivot: boolean;
}

/** The key of a property that exists only in types: it carries the types of outputs, and no workflow has it at run time. */
declare const workflowTypes: unique symbol;

/**
 * A workflow's definition. Threads load it by `module`, `name` and `version`.
 *
 * `Input` is a run's input, `Output` its result, `Steps` the output of each step by name.
 *
 * @since 0.1.0
 */
export interface WorkflowDefinition<Input = unknown, Output = unknown, Steps = unknown> extends WorkflowId {
  readonly kind: "workflow";
  /** The schema of a run's input. */
  readonly input: v.GenericSchema<Input, unknown>;
  /** In the order declared. Running them in this order is always possible. */
  readonly steps: readonly StepDefinition[];
  readonly [workflowTypes]?: { readonly output: Output; readonly steps: Steps };
}

/**
 * What a run of the workflow is given, by the type of its definition.
 *
 * @since 0.1.0
 */
export type InputOf<W extends WorkflowDefinition> = W extends WorkflowDefinition<infer Input> ? Input : never;

/**
 * What a run of the workflow results in: the output of the step declared last.
 *
 * @since 0.1.0
 */
export type OutputOf<W extends WorkflowDefinition> =
  W extends WorkflowDefinition<unknown, infer Output> ? Output : never;

/** The outputs of the workflow's steps, by name. */
export type StepsOf<W extends WorkflowDefinition> =
  W extends WorkflowDefinition<unknown, unknown, infer Steps> ? Steps : never;

/** The sources of one step, spelled out: `input`, and the outputs of the steps in its `after`. */
type Sources<Parsed, Steps, After extends keyof Steps> = {
  readonly [K in "input" | After]: K extends After ? Steps[K] : Parsed;
};

/** Rejects, at compile time, a step name that is taken. */
type FreeName<Name, Steps> = Name extends "input"
  ? "a step can't be named input: that is what mappings call the run's input"
  : Name extends keyof Steps
    ? "the workflow has a step of this name"
    : Name;

/**
 * The options of a step besides `after`.
 *
 * @since 0.1.0
 */
export interface StepOptions<From, Out> {
  /**
   * Gives the step's output when its agent failed for good, or when the agent's open breaker rejected the call. It gets
   * the mapping's argument and the error. Its result has to satisfy the agent's output contract; if the fallback throws,
   * the step fails. It doesn't stand in for a `Refusal`, which is the agent's answer. A step that finished by its fallback is
   * not compensated, as its agent gave no output.
   */
  readonly fallback?: (sources: From, error: unknown) => ReadonlyParts<Out>;
  /**
   * True for the run's point of no return: once this step has finished, the run isn't undone any more. It can't be
   * cancelled then, and when a later step fails for good, the run ends as `compensation-failed` and waits for a person.
   */
  readonly pointOfNoReturn?: boolean;
}

/**
 * A workflow definition that can be given further steps. It is immutable: each {@link WorkflowBuilder.step} returns a
 * new definition and leaves this one as it is. `Parsed` is the run's input after the schema, as mappings get it.
 *
 * @since 0.1.0
 */
export interface WorkflowBuilder<Input, Parsed, Output, Steps> extends WorkflowDefinition<Input, Output, Steps> {
  /**
   * Adds a step that needs nothing but the run's input.
   *
   * @throws TroupeError `invalid-workflow` for a name that is taken or can't be used, or for an agent or mapping that
   * isn't one.
   */
  step<const Name extends string, const In, Out>(
    name: Name & FreeName<Name, Steps>,
    agent: AgentDefinition<In, Out>,
    map: (sources: Sources<Parsed, Steps, never>) => ReadonlyParts<NoInfer<In>>,
  ): WorkflowBuilder<Input, Parsed, Out, Steps & { readonly [K in Name]: Out }>;
  /**
   * Adds a step with options. It starts when the steps in `after` have finished; its mapping gets their outputs, and only theirs.
   * Without `after`, it needs nothing but the run's input.
   *
   * @throws TroupeError `invalid-workflow` for a name that is taken or can't be used, for an agent or mapping that isn't
   * one, and for a step in `after` that was not declared before.
   */
  step<const Name extends string, const In, const Out, const After extends keyof Steps & string = never>(
    name: Name & FreeName<Name, Steps>,
    agent: AgentDefinition<In, Out>,
    options: StepOptions<Sources<Parsed, Steps, NoInfer<After>>, NoInfer<Out>> & { readonly after?: readonly After[] },
    map: (sources: Sources<Parsed, Steps, NoInfer<After>>) => ReadonlyParts<NoInfer<In>>,
  ): WorkflowBuilder<Input, Parsed, Out, Steps & { readonly [K in Name]: Out }>;
}

/**
 * A workflow's name, its version, and the schema of its runs' input.
 *
 * @since 0.1.0
 */
export interface WorkflowOptions<S extends v.GenericSchema> {
  readonly name: string;
  /** Such as `"1.0.0"`. A run stays with the version it was started with. */
  readonly version: string;
  readonly input: S &
    ([IsCloneable<v.InferInput<S>>, IsCloneable<v.InferOutput<S>>] extends [true, true]
      ? unknown
      : "the input has a part that can't cross to another actor");
}

/**
 * Defines a workflow, step by step. The module that calls this is what threads load: pass `import.meta.url` and export
 * the finished workflow.
 *
 * A step starts as soon as all steps in its `after` have finished, so steps that don't need each other run at the same
 * time. A run completes when all steps have finished; its result is the output of the step declared last. The
 * definition doesn't choose a coordination: it runs under either, with the same outcome (invariant 10).
 *
 * @throws TroupeError `invalid-options` for a module or name, `invalid-workflow` for a version that can't be used, and for an
 * input that isn't a valibot schema, or is an asynchronous one.
 * @example
 * export const creditDecision = defineWorkflow(import.meta.url, { name: "credit-decision", version: "1.0.0", input: Application })
 *   .step("score", creditScore, ({ input }) => ({ applicantId: input.id }))
 *   .step("income", incomeVerification, ({ input }) => ({ applicantId: input.id, claimed: input.income }))
 *   .step("risk", riskAssessment, { after: ["score", "income"] }, ({ score, income }) => ({ ...score, ...income }));
 * @since 0.1.0
 */
export function defineWorkflow<const S extends v.GenericSchema>(
  module: string,
  options: WorkflowOptions<S>,
): WorkflowBuilder<v.InferInput<S>, v.InferOutput<S>, never, unknown> {
  return readGiven("defineWorkflow", () => emptyWorkflow(module, options)) as never;
}

function emptyWorkflow<S extends v.GenericSchema>(module: string, options: WorkflowOptions<S>): UntypedBuilder {
  checkDefinition("defineWorkflow", module, options.name);
  if (typeof options.version !== "string" || options.version === "") {
    throw new TroupeError("invalid-workflow", `defineWorkflow ${options.name}: version is a string such as "1.0.0"`);
  }
  const problem = schemaProblem(options.input);
  if (problem !== undefined)
    throw new TroupeError("invalid-workflow", `defineWorkflow ${options.name}: input ${problem}`);
  const empty: WorkflowDefinition = {
    kind: "workflow",
    module,
    name: options.name,
    version: options.version,
    input: options.input,
    steps: [],
  };
  return builderOf(empty);
}

type Mapping = StepDefinition["map"];
type UntypedOptions = StepOptions<MappingSources, unknown> & { readonly after?: readonly string[] };

interface UntypedBuilder extends WorkflowDefinition {
  step(
    name: string,
    agent: AgentDefinition,
    ...rest: readonly [Mapping] | readonly [UntypedOptions, Mapping]
  ): UntypedBuilder;
}

function builderOf(workflow: WorkflowDefinition): UntypedBuilder {
  return Object.freeze({
    ...workflow,
    step(name: string, agent: AgentDefinition, ...rest: readonly [Mapping] | readonly [UntypedOptions, Mapping]) {
      const step = readGiven("step", () => stepOf(workflow, name, agent, rest));
      return builderOf({ ...workflow, steps: Object.freeze([...workflow.steps, step]) });
    },
  });
}

/** Of the fallback and the point of no return, `problemOf` says what is wrong. */
const stepOptions = v.strictObject({
  after: v.optional(v.array(v.string())),
  fallback: v.optional(v.unknown()),
  pointOfNoReturn: v.optional(v.unknown()),
});

function stepOf(
  workflow: WorkflowDefinition,
  name: string,
  agent: AgentDefinition,
  rest: readonly [Mapping] | readonly [UntypedOptions, Mapping],
): StepDefinition {
  const [options, map] = rest.length === 1 ? [{}, rest[0]] : rest;
  checkOptions("step", stepOptions, options ?? {});
  const { after = [], fallback, pointOfNoReturn = false } = options ?? {};
  const step: StepDefinition = Object.freeze({
    name,
    agent,
    after: Object.freeze([...after]),
    map,
    fallback,
    isPivot: pointOfNoReturn,
  });
  checkStep(workflow, step);
  return step;
}

function checkStep(workflow: WorkflowDefinition, step: StepDefinition): void {
  const problem = problemOf(workflow, step);
  if (problem === undefined) return;
  throw new TroupeError(
    "invalid-workflow",
    `workflow ${workflow.name}@${workflow.version}, step ${shown(step.name)}: ${problem}`,
    {
      details: { workflow: workflow.name, version: workflow.version, step: step.name },
    },
  );
}

function problemOf(workflow: WorkflowDefinition, step: StepDefinition): string | undefined {
  const declared = workflow.steps.map((earlier) => earlier.name);
  // a name becomes a key of the run's state and a part of idempotency keys; objects order keys that are digits first
  if (!isLetteredName(step.name)) {
    return `a step's name starts with a letter and has ${nameRule}`;
  }
  if (step.name === "input") return `"input" is what mappings call the run's input; choose another name`;
  if (declared.includes(step.name)) return "the workflow has a step of this name; choose another";
  if (step.agent?.kind !== "agent") return "the second argument is the agent that does the step, made by defineAgent";
  if (typeof step.map !== "function")
    return "the last argument is the function that maps the sources to the agent's input";
  if (step.fallback !== undefined && typeof step.fallback !== "function")
    return "its fallback is a function of the sources and the error";
  if (typeof step.isPivot !== "boolean") return "pointOfNoReturn is true or false";
  const pivot = workflow.steps.find(({ isPivot }) => isPivot);
  if (step.isPivot && pivot !== undefined)
    return `the workflow has a point of no return, ${pivot.name}; there can be one`;
  const unknown = step.after.filter((name) => !declared.includes(name));
  if (unknown.length > 0) {
    return `it comes after ${unknown.join(", ")}, but the steps declared before it are ${declared.join(", ") || "none"}`;
  }
  const twice = step.after.filter((name, index) => step.after.indexOf(name) !== index);
  return twice.length > 0 ? `it names ${twice.join(", ")} twice in "after"` : undefined;
}
