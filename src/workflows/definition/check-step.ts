/** Whether a step fits into its workflow. */

import { schemaProblem } from "../../contracts/check-schema.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { isLetteredName, nameRule } from "../../values/name.ts";
import { shown } from "../../values/shown.ts";
import { bodyOf, stepsOfRun } from "./steps-of-run.ts";
import type {
  AgentStep,
  EachStep,
  LoopStep,
  StepDefinition,
  SubWorkflowStep,
  WorkflowDefinition,
} from "./workflow-definition.ts";

/** @throws TroupeError `invalid-workflow` that names the workflow, the step and what is wrong. */
export function checkStep(workflow: WorkflowDefinition, step: StepDefinition): void {
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
  const own = ownProblem(workflow, step);
  if (own !== undefined) return own;
  for (const option of ["when", "otherwise"] as const) {
    if (step[option] !== undefined && typeof step[option] !== "function")
      return `its ${option} is a function of the sources`;
  }
  const isAlwaysDone = step.when === undefined && step.needs.length === 0;
  if (step.otherwise !== undefined && isAlwaysDone && (step.kind !== "wait" || step.timeout === undefined))
    return `it has an otherwise, but is never skipped: give it a when, or a step in needs${step.kind === "wait" ? ", or a timeout" : ""}`;
  const unknown = step.after.filter((name) => !declared.includes(name));
  if (unknown.length > 0) {
    return `it comes after ${unknown.join(", ")}, but the steps declared before it are ${declared.join(", ") || "none"}`;
  }
  const twice = step.after.filter((name, index) => step.after.indexOf(name) !== index);
  return twice.length > 0 ? `it names ${twice.join(", ")} twice in "after" and "needs"` : undefined;
}

/** What is wrong with the part of a step that steps of other kinds don't have. */
function ownProblem(workflow: WorkflowDefinition, step: StepDefinition): string | undefined {
  switch (step.kind) {
    case "agent":
      return agentProblem(workflow, step);
    case "workflow":
      return subWorkflowProblem(workflow, step);
    case "each":
      return eachProblem(step);
    case "loop":
      return loopProblem(step);
    case "wait": {
      const problem = schemaProblem(step.answer);
      if (problem !== undefined) return `its answer ${problem}`;
      return typeof step.question === "function"
        ? undefined
        : "the last argument is the function that maps the sources to the question";
    }
    case "pause":
      return typeof step.until === "function" || step.until >= 0
        ? undefined
        : "it takes either ms, a number of milliseconds, or until, a function of the sources that gives a time";
  }
}

const fallbackRule = "its fallback is a function of the sources and the error";

function agentProblem(workflow: WorkflowDefinition, step: AgentStep): string | undefined {
  if (step.agent?.kind !== "agent")
    return "the second argument is the agent that does the step, made by defineAgent, or a workflow, made by defineWorkflow";
  if (typeof step.map !== "function")
    return "the last argument is the function that maps the sources to the agent's input";
  if (step.fallback !== undefined && typeof step.fallback !== "function") return fallbackRule;
  if (typeof step.isPivot !== "boolean") return "pointOfNoReturn is true or false";
  const pivot = pivotIn(workflow);
  return step.isPivot && pivot !== undefined
    ? `the workflow has a point of no return, ${pivot}; there can be one`
    : undefined;
}

function loopProblem(step: LoopStep): string | undefined {
  const { does, maps, who, until, inbox, after } = step;
  const names = Object.keys(does);
  if (names.length === 0)
    return "the second argument is the agent or the workflow that does the rounds, or several agents by name";
  const body = bodyOf(step);
  const isOne = body !== undefined && names.length === 1 && names[0] === body.name;
  const problem = isOne ? (emptiness(body) ?? pivotProblem(body, "in each round") ?? idleness(body)) : undefined;
  if (problem !== undefined) return problem;
  for (const name of names) {
    const { kind } = does[name] ?? {};
    if (kind === "workflow" && !isOne)
      return `its ${name} is a workflow, and rounds are handed from agent to agent: a workflow does all rounds of its loop, or none. Give the workflow in place of the names, or make it a step of one that says by its steps' when what is done`;
    if (kind !== "agent" && !isOne) return `its ${name} is an agent, made by defineAgent`;
    if (!isLetteredName(name)) return `the name ${shown(name)} of an agent starts with a letter and has ${nameRule}`;
    if (typeof maps[name] !== "function")
      return names.length === 1 && who === undefined
        ? `the last argument is the function that maps a round's sources to the ${body === undefined ? "agent" : "workflow"}'s input`
        : `the last argument has a function for each agent that maps a round's sources to its input; there is none for ${name}`;
  }
  const stray = Object.keys(maps).find((name) => !names.includes(name));
  if (stray !== undefined) return `the last argument has a function for ${stray}, and no agent is called so`;
  if (names.length > 1 && who === undefined) return "with several agents, its who says which one does the next round";
  if (who !== undefined && typeof who !== "function") return "its who is a function of the sources that gives a name";
  if (typeof until !== "function") return "its until is a function of the sources that says whether it is done";
  const inboxProblem = inbox === undefined ? undefined : schemaProblem(inbox);
  if (inboxProblem !== undefined) return `its inbox ${inboxProblem}`;
  const taken = ["last", "by", "round", "told"].find((name) => after.includes(name));
  return taken && `its functions get ${taken} from the loop, so it can't come after a step of that name`;
}

function eachProblem({ does, over, map, fallback, after }: EachStep): string | undefined {
  const isWorkflow = does?.kind === "workflow";
  if (!isWorkflow && does?.kind !== "agent")
    return "the second argument is the agent that does each item, made by defineAgent, or a workflow, made by defineWorkflow";
  if (typeof over !== "function") return "its over is a function of the sources that gives the list";
  if (typeof map !== "function")
    return `the last argument is the function that maps an item to the ${does.kind}'s input`;
  if (isWorkflow) {
    const problem = emptiness(does) ?? pivotProblem(does, "for each item");
    if (problem !== undefined) return problem;
    if (fallback !== undefined)
      return `its items are done by the workflow ${does.name}@${does.version}, which has no fallback: give one to its steps`;
  }
  if (fallback !== undefined && typeof fallback !== "function") return fallbackRule;
  const taken = ["item", "index"].find((name) => after.includes(name));
  return taken && `its mapping gets the ${taken} of the list, so it can't come after a step of that name`;
}

function subWorkflowProblem(workflow: WorkflowDefinition, step: SubWorkflowStep): string | undefined {
  const problem = emptiness(step.workflow);
  if (problem !== undefined) return problem;
  if (typeof step.map !== "function")
    return "the last argument is the function that maps the sources to the sub-workflow's input";
  const [pivot, inner] = [pivotIn(workflow), pivotIn(step.workflow)];
  return pivot !== undefined && inner !== undefined
    ? `it has a point of no return, ${inner}, and the workflow another one, ${pivot}; there can be one`
    : undefined;
}

function emptiness({ name, version, steps }: WorkflowDefinition): string | undefined {
  return steps.length === 0
    ? `the workflow ${name}@${version} has no steps. Pass the definition that .step() returns`
    : undefined;
}

/** What is done several times has no point of no return. */
function pivotProblem(workflow: WorkflowDefinition, when: string): string | undefined {
  const { name, version } = workflow;
  const pivot = pivotIn(workflow);
  return (
    pivot &&
    `the workflow ${name}@${version} has a point of no return, ${pivot}, and a run has one at most: so it can't be done ${when}`
  );
}

/** Rounds in which nothing is done would follow one another without end, and all of them at once. */
function idleness(workflow: WorkflowDefinition): string | undefined {
  if (isNeverIdle(workflow)) return undefined;
  const { name, version } = workflow;
  return `a round may do nothing, as the workflow ${name}@${version} may skip all of its steps, or have lists without items: give it a step of an agent, or a wait, without a when`;
}

/** True for a workflow of which something is done each time: an agent's step, a wait or a pause. A list may be empty. */
function isNeverIdle({ steps }: WorkflowDefinition): boolean {
  const always = new Set<string>();
  for (const { name, when, needs, otherwise } of steps)
    if (otherwise !== undefined || (when === undefined && needs.every((needed) => always.has(needed))))
      always.add(name);
  return steps.some((step) => {
    if (step.when !== undefined || !step.needs.every((needed) => always.has(needed))) return false;
    return step.kind !== "each" && (step.kind !== "workflow" || isNeverIdle(step.workflow));
  });
}

/** The path of the point of no return. */
function pivotIn(workflow: WorkflowDefinition): string | undefined {
  return stepsOfRun(workflow).find((step) => step.kind === "agent" && step.isPivot)?.name;
}
