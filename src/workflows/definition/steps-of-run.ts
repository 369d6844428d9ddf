/** The steps that a run of a workflow has: those of the workflow and, by their paths, those of its sub-workflows. */

import type { AgentDefinition } from "../../agents/agent-definition.ts";
import type { StepDefinition, WorkflowDefinition } from "./workflow-definition.ts";

/** What a path has between a sub-workflow's name and that of its step. No name has it. */
const separator = "/";

/**
 * A step as a run has it: `name` is its path, such as `ship/pick`, and `after` and `needs` have paths too.
 */
export type OfRun<Step extends StepDefinition = StepDefinition> = Step & {
  /** The path of the sub-workflow that it is a step of; empty for a step of the run's workflow. */
  readonly scope: string;
};

/** In the order declared, each sub-workflow before its steps. */
export function stepsOfRun(workflow: Pick<WorkflowDefinition, "steps">, scope = ""): readonly OfRun[] {
  return workflow.steps.flatMap((step): readonly OfRun[] => {
    const path = (name: string): string => pathIn(scope, name);
    const own = { ...step, name: path(step.name), scope, after: step.after.map(path), needs: step.needs.map(path) };
    return step.kind === "workflow" ? [own, ...stepsOfRun(step.workflow, own.name)] : [own];
  });
}

/** The path of what is called `name` in a scope. */
export function pathIn(scope: string, name: string): string {
  return scope === "" ? name : scope + separator + name;
}

/** What its own workflow calls the step at a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf(separator) + 1);
}

/** The path of an item of an each. */
export function itemPath(each: string, index: number): string {
  return `${each}[${index}]`;
}

/** The each and the index of the item at a path; `undefined` for any other path. */
export function itemAt(path: string): { readonly each: string; readonly index: number } | undefined {
  if (!path.endsWith("]")) return undefined;
  const [, each = "", index = ""] = /^(.*)\[(0|[1-9]\d{0,8})\]$/.exec(path) ?? [];
  return each === "" ? undefined : { each, index: Number(index) };
}

/** The path of a round of a loop: 1 is the first. */
export function roundPath(loop: string, round: number): string {
  return `${loop}#${round}`;
}

/** The loop and the number of the round at a path; `undefined` for any other path. */
export function roundAt(path: string): { readonly loop: string; readonly round: number } | undefined {
  const at = path.lastIndexOf("#");
  if (at < 1 || !/^[1-9]\d{0,8}$/.test(path.slice(at + 1))) return undefined;
  return { loop: path.slice(0, at), round: Number(path.slice(at + 1)) };
}

/** The path of the each or the loop of which an item or a round is at a path; `undefined` for any other path. */
export function wholeOf(path: string): string | undefined {
  return itemAt(path)?.each ?? roundAt(path)?.loop;
}

/** The agents of a step: of a loop, several. */
export function agentsOf(step: StepDefinition): readonly AgentDefinition[] {
  if (step.kind === "loop") return Object.values(step.agents);
  return step.kind === "agent" || step.kind === "each" ? [step.agent] : [];
}

/** The path of the sub-workflow that the step at a path belongs to; empty for a step of the run's workflow. */
export function scopeOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf(separator)));
}

/**
 * The path of what a path is in: the each of an item, the loop of a round, or the sub-workflow of a step; empty for a step of the run's
 * workflow.
 */
export function around(path: string): string {
  return wholeOf(path) ?? scopeOf(path);
}

/** What may follow the path of a step in that of a part of it. */
const beginnings: ReadonlySet<string | undefined> = new Set([separator, "[", "#"]);

/** True for the path of a part of what is at another path. */
export function isWithin(path: string, outer: string): boolean {
  return path.startsWith(outer) && beginnings.has(path[outer.length]);
}
