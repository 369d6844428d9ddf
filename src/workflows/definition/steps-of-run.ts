/** The steps that a run of a workflow has: those of the workflow and, by their paths, those of its sub-workflows, of its items and of its rounds. */

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

/** In the order declared, each sub-workflow before its steps. Those of items and rounds are not among them: a run has them once one has begun. */
export function stepsOfRun(workflow: Pick<WorkflowDefinition, "steps">): readonly OfRun[] {
  return stepsIn(workflow, "", false);
}

/** All of these, with those of items and rounds that are workflows, by the paths of any of them: `check[]/score`, `improve#/draft`. */
export function everyStepOf(workflow: Pick<WorkflowDefinition, "steps">): readonly OfRun[] {
  return stepsIn(workflow, "", true);
}

function stepsIn(workflow: Pick<WorkflowDefinition, "steps">, scope: string, withParts: boolean): readonly OfRun[] {
  return workflow.steps.flatMap((step): readonly OfRun[] => {
    const path = (name: string): string => pathIn(scope, name);
    const own = { ...step, name: path(step.name), scope, after: step.after.map(path), needs: step.needs.map(path) };
    if (step.kind === "workflow") return [own, ...stepsIn(step.workflow, own.name, withParts)];
    const body = withParts ? bodyOf(step) : undefined;
    return body === undefined ? [own] : [own, ...stepsIn(body, anyPartOf(step.kind, own.name), withParts)];
  });
}

/** The workflow that each item of an each is, or each round of a loop; `undefined` where agents do them. */
export function bodyOf(step: StepDefinition): WorkflowDefinition | undefined {
  if (step.kind !== "each" && step.kind !== "loop") return undefined;
  // a workflow does every round of its loop
  const does = step.kind === "each" ? step.does : Object.values(step.does)[0];
  return does?.kind === "workflow" ? does : undefined;
}

/** The path of any item of an each, or of any round of a loop. */
export function anyPartOf(kind: StepDefinition["kind"], whole: string): string {
  return kind === "each" ? `${whole}[]` : `${whole}#`;
}

/** A path as it is for any item and round: `check[3]/score` is `check[]/score`. */
export function anyOf(path: string): string {
  return path.replaceAll(/\[\d+\]/g, "[]").replaceAll(/#\d+/g, "#");
}

/** True for the path of an item or a round, or of what is in one. */
export function isInPart(path: string): boolean {
  return path.includes("[") || path.includes("#");
}

/** The step of that path among those of {@link everyStepOf}, by its own path; `undefined` for none. */
export function stepAmong<Step extends OfRun>(steps: ReadonlyMap<string, Step>, path: string): Step | undefined {
  const own = steps.get(path);
  if (own !== undefined || !isInPart(path)) return own;
  const any = steps.get(anyOf(path));
  return any && placedAt(any, path);
}

/** A step of any item or round as that of one. */
export function placedAt<Step extends OfRun>(step: Step, path: string): Step {
  const here = (other: string): string => beside(path, other);
  return { ...step, name: path, scope: scopeOf(path), after: step.after.map(here), needs: step.needs.map(here) };
}

/** The path of a step of the same workflow as the one at `path`: there the other one goes by its name. */
export function beside(path: string, other: string): string {
  return pathIn(scopeOf(path), nameOf(other));
}

/** The innermost item or round that a step is in, and the step's path there; `undefined` for a step in none. */
export function partAround(path: string): { readonly part: string; readonly rest: string } | undefined {
  if (!isInPart(path)) return undefined;
  for (let end = path.lastIndexOf(separator); end > 0; end = path.lastIndexOf(separator, end - 1)) {
    const part = path.slice(0, end);
    if (wholeOf(part) !== undefined) return { part, rest: path.slice(end + 1) };
  }
  return undefined;
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
  if (step.kind === "loop") return Object.values(step.does).filter((does) => does.kind === "agent");
  if (step.kind === "each") return step.does.kind === "agent" ? [step.does] : [];
  return step.kind === "agent" ? [step.agent] : [];
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
