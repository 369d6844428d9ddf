/** Defining a workflow: its steps are added one by one, and each is checked as it is added. */

import type * as v from "valibot";
import { schemaProblem } from "../../contracts/check-schema.ts";
import { unknownOption } from "../../contracts/unknown-option.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { IsCloneable } from "../../values/cloneable.ts";
import { checkDefinition } from "../../actors/actor-definition.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import { readGiven } from "../../contracts/read-given.ts";
import { checkStep } from "./check-step.ts";
import {
  doneStep,
  eachStep,
  loopStep,
  type Mapping,
  pauseStep,
  type StepRest,
  type UntypedOptions,
  waitStep,
} from "./make-step.ts";
import type { LoopDoers } from "./loop-options.ts";
import type { WorkflowBuilder } from "./workflow-builder.ts";
import type { StepDefinition, WorkflowDefinition } from "./workflow-definition.ts";

/**
 * A workflow's name, its version, and the schema of its runs' input.
 *
 * @since 0.1.0
 */
export interface WorkflowOptions<S extends v.GenericSchema> {
  readonly name: string;
  /** Such as `"1.0.0"`. A run stays with the version it was started with, unless it is migrated. */
  readonly version: string;
  readonly input: S &
    ([IsCloneable<v.InferInput<S>>, IsCloneable<v.InferOutput<S>>] extends [true, true]
      ? unknown
      : "the input has a part that can't cross to another actor");
  /** The versions before it whose runs `system.migrate` may have go on with this one, such as `["1.0.0"]`. Default: none. */
  readonly follows?: readonly string[];
  /**
   * Agents that have no step any more, and are still needed to undo what runs of these versions have done by them: with such an agent here, a
   * run that has finished its step can be migrated. Default: none.
   */
  readonly retired?: readonly AgentDefinition[];
}

/**
 * Defines a workflow, step by step. The module that calls this is what threads load: pass `import.meta.url` and export
 * the finished workflow.
 *
 * A step starts as soon as all steps in its `after` and `needs` have settled: have finished, or were skipped. So steps that don't need
 * each other run at the same time. A run completes when all steps have settled; its result is the output of the step declared last. The
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
): WorkflowBuilder<v.InferInput<S>, v.InferOutput<S>, never, unknown, unknown, unknown> {
  return readGiven("defineWorkflow", () => emptyWorkflow(module, options)) as never;
}

function emptyWorkflow<S extends v.GenericSchema>(module: string, options: WorkflowOptions<S>): UntypedBuilder {
  checkDefinition("defineWorkflow", module, options.name);
  const unknown = unknownOption(options, ["name", "version", "input", "follows", "retired"]);
  if (unknown !== undefined) throw new TroupeError("invalid-workflow", `defineWorkflow ${options.name}: ${unknown}`);
  if (typeof options.version !== "string" || options.version === "") {
    throw new TroupeError("invalid-workflow", `defineWorkflow ${options.name}: version is a string such as "1.0.0"`);
  }
  const problem = schemaProblem(options.input);
  if (problem !== undefined)
    throw new TroupeError("invalid-workflow", `defineWorkflow ${options.name}: input ${problem}`);
  const { follows, retired } = options;
  const unfit = followsProblem(options.version, follows) ?? retiredProblem(retired);
  if (unfit !== undefined) throw new TroupeError("invalid-workflow", `defineWorkflow ${options.name}: ${unfit}`);
  const empty: WorkflowDefinition = {
    kind: "workflow",
    module,
    name: options.name,
    version: options.version,
    input: options.input,
    steps: [],
    ...(follows === undefined ? {} : { follows: Object.freeze([...follows]) }),
    ...(retired === undefined ? {} : { retired: Object.freeze([...retired]) }),
  };
  return builderOf(empty);
}

function followsProblem(version: string, follows: unknown): string | undefined {
  if (follows === undefined) return undefined;
  if (!Array.isArray(follows) || !follows.every((one) => typeof one === "string" && one !== ""))
    return `follows is a list of versions such as ["1.0.0"]`;
  return follows.includes(version)
    ? `follows has ${version}, its own version: give the new definition a version of its own`
    : undefined;
}

function retiredProblem(retired: unknown): string | undefined {
  if (retired === undefined) return undefined;
  const isOne = (agent: unknown): boolean => (agent as AgentDefinition | undefined)?.kind === "agent";
  if (!Array.isArray(retired) || !retired.every(isOne)) return "retired is a list of agents, made by defineAgent";
  const idle = (retired as AgentDefinition[]).find(({ compensate }) => compensate === undefined);
  return idle && `retired has ${idle.name}, which has no compensate: there is nothing that it is needed for`;
}

interface UntypedBuilder extends WorkflowDefinition {
  step(name: string, does: AgentDefinition | WorkflowDefinition, ...rest: StepRest): UntypedBuilder;
  each(name: string, does: AgentDefinition | WorkflowDefinition, options: UntypedOptions, map: Mapping): UntypedBuilder;
  loop(
    name: string,
    does: LoopDoers,
    options: UntypedOptions,
    maps: Mapping | Readonly<Record<string, Mapping>>,
  ): UntypedBuilder;
  waitFor(name: string, options: UntypedOptions, question: Mapping): UntypedBuilder;
  pause(name: string, options: UntypedOptions): UntypedBuilder;
}

function builderOf(workflow: WorkflowDefinition): UntypedBuilder {
  const adding = (method: string, make: () => StepDefinition): UntypedBuilder => {
    const step = readGiven(method, () => {
      const made = make();
      checkStep(workflow, made);
      return made;
    });
    return builderOf({ ...workflow, steps: Object.freeze([...workflow.steps, step]) });
  };
  return Object.freeze({
    ...workflow,
    step: (name: string, does: AgentDefinition | WorkflowDefinition, ...rest: StepRest) =>
      adding("step", () => doneStep(name, does, rest)),
    each: (name: string, does: AgentDefinition | WorkflowDefinition, options: UntypedOptions, map: Mapping) =>
      adding("each", () => eachStep(name, does, options, map)),
    loop: (name: string, does: LoopDoers, options: UntypedOptions, maps: Mapping | Readonly<Record<string, Mapping>>) =>
      adding("loop", () => loopStep(name, does, options, maps)),
    waitFor: (name: string, options: UntypedOptions, question: Mapping) =>
      adding("waitFor", () => waitStep(name, options, question)),
    pause: (name: string, options: UntypedOptions) => adding("pause", () => pauseStep(name, options)),
  });
}
