/** A workflow whose functions are watched: what they throw, and whether they are pure. */

import { inspect, isDeepStrictEqual } from "node:util";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import { caught, messageOf } from "../../errors/caught.ts";
import { anyPartOf, pathIn } from "../../workflows/definition/steps-of-run.ts";
import type { StepDefinition, WorkflowDefinition } from "../../workflows/definition/workflow-definition.ts";
import { inWorld } from "./other-worlds.ts";

/** What is wrong with a workflow. */
export interface Problem {
  /** What it is about, the same for the same fault in another run: a step and what of it. */
  readonly about: string;
  readonly message: string;
}

export interface Observing {
  readonly onProblem: (problem: Problem) => void;
  /** What does the work of an agent in its place. */
  readonly standIn: (agent: AgentDefinition) => AgentDefinition;
}

type PureFunction = (...given: readonly unknown[]) => unknown;

/** The same workflow, by its name, contracts and steps. Its functions are called twice, and each call is looked at. */
export function observedWorkflow(workflow: WorkflowDefinition, observing: Observing, scope = ""): WorkflowDefinition {
  return { ...workflow, steps: workflow.steps.map((step) => observedStep(step, observing, scope)) };
}

function observedStep(step: StepDefinition, observing: Observing, scope: string): StepDefinition {
  const path = pathIn(scope, step.name);
  const copy = withObserved(step, (pure, name) => observed(pure, path, name, observing));
  switch (copy.kind) {
    case "workflow":
      return { ...copy, workflow: observedWorkflow(copy.workflow, observing, path) };
    case "agent":
      return { ...copy, agent: observing.standIn(copy.agent) };
    case "each": {
      const { does } = copy;
      return { ...copy, does: observedDoer(does, observing, anyPartOf(copy.kind, path)) };
    }
    case "loop": {
      const part = anyPartOf(copy.kind, path);
      const does = Object.entries(copy.does).map(([name, one]) => [name, observedDoer(one, observing, part)] as const);
      const maps = withObserved(copy.maps, (pure, name) => observed(pure, path, `mapping for ${name}`, observing));
      return { ...copy, does: Object.fromEntries(does), maps };
    }
    default:
      return copy;
  }
}

/** What does an item or a round, at the path of any. */
function observedDoer(
  does: AgentDefinition | WorkflowDefinition,
  observing: Observing,
  part: string,
): AgentDefinition | WorkflowDefinition {
  return does.kind === "agent" ? observing.standIn(does) : observedWorkflow(does, observing, part);
}

/** A copy whose functions are observed. */
function withObserved<T extends object>(parts: T, observe: (pure: PureFunction, name: string) => PureFunction): T {
  const copies = Object.entries(parts).map(([name, part]: [string, unknown]): [string, unknown] => [
    name,
    typeof part === "function" ? observe(part as PureFunction, name) : part,
  ]);
  return Object.fromEntries(copies) as T;
}

/** What a step's functions are called in words. */
const words: Readonly<Record<string, string>> = { map: "mapping" };

/**
 * The same function, called in two worlds with another time and other chance: a pure one comes to the same in both. One that writes to
 * its sources throws, since they are frozen.
 */
function observed(pure: PureFunction, path: string, name: string, { onProblem }: Observing): PureFunction {
  const what = `the ${words[name] ?? name} of the step "${path}"`;
  return (...given) => {
    const first = outcomeOf(pure, given, 1);
    const second = outcomeOf(pure, given, 2);
    if ("thrown" in first) {
      onProblem({ about: `${what} throws`, message: `${what} threw: ${messageOf(caught(first.thrown))}` });
      throw first.thrown;
    }
    if ("thrown" in second || !isSame(first.value, second.value)) {
      const again = "thrown" in second ? `threw: ${messageOf(caught(second.thrown))}` : `gave ${valueIn(second.value)}`;
      const why =
        "It reads a clock or comes by chance, or remembers its calls; agents may do that, and mappings may not.";
      onProblem({
        about: `${what} is not pure`,
        message: `${what} is not pure: from the same sources it gave ${valueIn(first.value)}, and then ${again}. ${why}`,
      });
    }
    return first.value;
  };
}

function outcomeOf(
  pure: PureFunction,
  given: readonly unknown[],
  world: 1 | 2,
): { readonly value: unknown } | { readonly thrown: unknown } {
  try {
    return { value: inWorld(world, () => pure(...given)) };
  } catch (thrown) {
    return { thrown };
  }
}

/** Equal, or alike when they are printed, as two invalid dates are. */
function isSame(one: unknown, other: unknown): boolean {
  if (isDeepStrictEqual(one, other)) return true;
  const whole = { depth: Number.POSITIVE_INFINITY, maxArrayLength: null, maxStringLength: null };
  return inspect(one, whole) === inspect(other, whole);
}

function valueIn(value: unknown): string {
  return inspect(value, { depth: 4, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 100, maxArrayLength: 10 });
}
