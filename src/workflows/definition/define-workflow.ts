/** Defining a workflow: its steps are added one by one, and each is checked as it is added. */

import * as v from "valibot";
import { schemaProblem } from "../../contracts/check-schema.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { IsCloneable } from "../../values/cloneable.ts";
import { isLetteredName, nameRule } from "../../values/name.ts";
import { checkDefinition } from "../../actors/actor-definition.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import { checkOptions } from "../../contracts/check-options.ts";
import { readGiven } from "../../contracts/read-given.ts";
import { shown } from "../../values/shown.ts";
import type { BranchOptions, StepOptions, WorkflowBuilder } from "./workflow-builder.ts";
import type { MappingSources, StepDefinition, WorkflowDefinition } from "./workflow-definition.ts";

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
type UntypedOptions = StepOptions<MappingSources, unknown> &
  BranchOptions<string, string, MappingSources, MappingSources, unknown, unknown>;

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

/** Of the others, `problemOf` says what is wrong. */
const stepOptions = v.strictObject({
  after: v.optional(v.array(v.string())),
  needs: v.optional(v.array(v.string())),
  when: v.optional(v.unknown()),
  otherwise: v.optional(v.unknown()),
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
  const { after = [], needs = [], when, otherwise, fallback, pointOfNoReturn = false } = options ?? {};
  const step: StepDefinition = Object.freeze({
    name,
    agent,
    after: Object.freeze([...after, ...needs]),
    needs: Object.freeze([...needs]),
    when,
    otherwise,
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
  for (const option of ["fallback", "when", "otherwise"] as const) {
    if (step[option] !== undefined && typeof step[option] !== "function")
      return `its ${option} is a function of the sources${option === "fallback" ? " and the error" : ""}`;
  }
  if (step.otherwise !== undefined && step.when === undefined && step.needs.length === 0)
    return "it has an otherwise, but is never skipped: give it a when, or a step in needs";
  if (typeof step.isPivot !== "boolean") return "pointOfNoReturn is true or false";
  const pivot = workflow.steps.find(({ isPivot }) => isPivot);
  if (step.isPivot && pivot !== undefined)
    return `the workflow has a point of no return, ${pivot.name}; there can be one`;
  const unknown = step.after.filter((name) => !declared.includes(name));
  if (unknown.length > 0) {
    return `it comes after ${unknown.join(", ")}, but the steps declared before it are ${declared.join(", ") || "none"}`;
  }
  const twice = step.after.filter((name, index) => step.after.indexOf(name) !== index);
  return twice.length > 0 ? `it names ${twice.join(", ")} twice in "after" and "needs"` : undefined;
}
