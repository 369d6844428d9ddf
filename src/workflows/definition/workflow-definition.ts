/** A workflow: a DAG of steps. Most are an agent with a function that maps earlier outputs to the agent's input. */

import type * as v from "valibot";
import type { AgentDefinition } from "../../agents/agent-definition.ts";

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
 * The argument of a mapping: the run's input and the outputs of the steps in the step's `after` and `needs`, by name. They are
 * frozen; a mapping that writes to them fails its step.
 *
 * @experimental
 * @since 0.1.0
 */
export type MappingSources = Readonly<Record<string, unknown>>;

/**
 * What every step of a workflow has, whatever it does. Its types were checked where it was defined.
 *
 * @experimental
 * @since 0.1.0
 */
export interface StepBase {
  /** Unique in the workflow. */
  readonly name: string;
  /** The steps that have to settle before it starts; each was declared before it, so the steps make a DAG. */
  readonly after: readonly string[];
  /** Those of them that have to finish: it is skipped if one of these was skipped without an output. */
  readonly needs: readonly string[];
  /** Says whether the step is done. Without it, it is. Synchronous and pure. */
  readonly when: ((sources: MappingSources) => unknown) | undefined;
  /** Gives the output when the step is skipped, and when a wait is not answered in time. Synchronous and pure. */
  readonly otherwise: ((sources: MappingSources) => unknown) | undefined;
}

/**
 * A step that an agent does.
 *
 * @experimental
 * @since 0.1.0
 */
export interface AgentStep extends StepBase {
  readonly kind: "agent";
  readonly agent: AgentDefinition;
  /** Maps the run's input and the outputs of the steps in `after` to the agent's input. Synchronous and pure. */
  readonly map: (sources: MappingSources) => unknown;
  /** Gives the output in place of an agent that failed for good. Synchronous and pure. */
  readonly fallback: ((sources: MappingSources, error: unknown) => unknown) | undefined;
  /** True for the point of no return: once this step has finished, the run isn't undone any more. */
  readonly isPivot: boolean;
}

/**
 * A step that waits for an answer, which `run.tell` gives.
 *
 * @experimental
 * @since 0.1.0
 */
export interface WaitStep extends StepBase {
  readonly kind: "wait";
  /** The schema of the answer. */
  readonly answer: v.GenericSchema;
  /** Maps the sources to what is asked. Synchronous and pure. */
  readonly question: (sources: MappingSources) => unknown;
  /** Milliseconds until it is given up; absent for never. */
  readonly timeout: number | undefined;
}

/**
 * A step that waits for a time.
 *
 * @experimental
 * @since 0.1.0
 */
export interface PauseStep extends StepBase {
  readonly kind: "pause";
  /** So many milliseconds; or until a time, which the function gives as a date or in milliseconds since the epoch. */
  readonly until: number | ((sources: MappingSources) => unknown);
}

/**
 * A step that is a workflow itself: a sub-workflow. Its steps are steps of the same run, and their paths begin with its name:
 * `ship/pick`.
 *
 * @experimental
 * @since 0.1.0
 */
export interface SubWorkflowStep extends StepBase {
  readonly kind: "workflow";
  readonly workflow: WorkflowDefinition;
  /** Maps the run's input and the outputs of the steps in `after` to the sub-workflow's input. Synchronous and pure. */
  readonly map: (sources: MappingSources) => unknown;
}

/**
 * How many items of an each may fail for good without failing the run: so many, a share of all, or any number.
 *
 * @since 0.1.0
 */
export type Tolerance = number | { readonly share: number } | "all";

/**
 * A step that an agent or a workflow does for each item of a list. The steps of a workflow are steps of the same run for each item: `check[3]/score`.
 *
 * @experimental
 * @since 0.1.0
 */
export interface EachStep extends StepBase {
  readonly kind: "each";
  readonly does: AgentDefinition | WorkflowDefinition;
  /** Gives the list. Synchronous and pure. */
  readonly over: (sources: MappingSources) => unknown;
  /** Maps the sources, with `item` and `index`, to the input of what does an item. Synchronous and pure. */
  readonly map: (sources: MappingSources) => unknown;
  /** How many items are worked on at a time, at most. */
  readonly concurrency: number;
  /** How long the list may be. */
  readonly max: number;
  /** How many items may fail; absent for none: then the output has no errors. */
  readonly tolerate: Tolerance | undefined;
  /** Gives the output of an item in place of an agent, and not of a workflow, that failed for good: from the sources, `item` and `index`. Synchronous and pure. */
  readonly fallback: AgentStep["fallback"];
}

/**
 * A step that agents, or a workflow, do in rounds, one at a time, until it is done. The steps of a workflow are steps of the same run in each round:
 * `improve#3/write`.
 *
 * @experimental
 * @since 0.1.0
 */
export interface LoopStep extends StepBase {
  readonly kind: "loop";
  /** The agents that do its rounds, by the names that `who` gives. A single one, or the workflow that does each round, goes by its own name. */
  readonly does: Readonly<Record<string, AgentDefinition | WorkflowDefinition>>;
  /** By the same names, what maps the sources, with `last`, `by`, `round` and `told`, to the input. Synchronous and pure. */
  readonly maps: Readonly<Record<string, (sources: MappingSources) => unknown>>;
  /** Says which agent does the next round; absent where there is only one. Synchronous and pure. */
  readonly who: ((sources: MappingSources) => unknown) | undefined;
  /** Says after a round whether it was the last one. Synchronous and pure. */
  readonly until: (sources: MappingSources) => unknown;
  /** How many rounds there may be. */
  readonly max: number;
  /** What becomes of it after so many rounds. */
  readonly onMax: "fail" | "accept";
  /** The schema of the messages that it takes; absent for none. */
  readonly inbox: v.GenericSchema | undefined;
}

/**
 * One step of a workflow: done by an agent, once, for each item of a list or in rounds, a wait for an answer or a time, or a workflow of its own.
 *
 * @experimental
 * @since 0.1.0
 */
export type StepDefinition = AgentStep | WaitStep | PauseStep | SubWorkflowStep | EachStep | LoopStep;

/** The key of a property that exists only in types: it carries the types of outputs and answers, and no workflow has it at run time. */
declare const workflowTypes: unique symbol;

/**
 * A workflow's definition. Threads load it by `module`, `name` and `version`.
 *
 * `Input` is a run's input, `Output` its result, `Steps` the output of each step by name, `Waits` what each wait is answered with:
 * `never` where the workflow isn't known; `Parts` what each step emits, by its path.
 *
 * @since 0.1.0
 */
export interface WorkflowDefinition<
  Input = unknown,
  Output = unknown,
  Steps = unknown,
  Waits = never,
  Parts = unknown,
> extends WorkflowId {
  readonly kind: "workflow";
  /** The schema of a run's input. */
  readonly input: v.GenericSchema<Input, unknown>;
  /** In the order declared. Running them in this order is always possible. */
  readonly steps: readonly StepDefinition[];
  /** The versions whose runs may go on with this one; absent for none. */
  readonly follows?: readonly string[];
  /** The agents that only undo what runs of these versions have done; absent for none. */
  readonly retired?: readonly AgentDefinition[];
  readonly [workflowTypes]?: {
    readonly output: Output;
    readonly steps: Steps;
    readonly waits: (answers: Waits) => void;
    readonly parts: Parts;
  };
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
