/** Steps of a new definition that a run has passed: what comes after them has begun. What stands in for them has to be said by their `otherwise`. */

import { messageOf } from "../../errors/caught.ts";
import { isWanted, sourcesIn, standIn } from "../coordination/decide.ts";
import { decodeSources } from "../coordination/pure-calls.ts";
import type { WorkflowPlan } from "../coordination/workflow-plan.ts";
import { type OfRun, scopeOf, stepsOfRun } from "../definition/steps-of-run.ts";
import type { MigratedValue } from "../history/definition-changed.ts";
import { stepOf } from "../history/run-progress.ts";
import type { RunState } from "../history/run-state.ts";
import { placeOf } from "../steps/run-places.ts";
import { isAbsent, isSettled } from "../steps/step-state.ts";
import type { Findings } from "./findings.ts";

/**
 * @param before the run under the old definition.
 * @param after gives the run under the new one, with all changes found so far.
 */
export function passSteps(before: RunState, to: WorkflowPlan, after: () => RunState, findings: Findings): void {
  let next = after();
  const all = stepsOfRun(to.workflow);
  const passed = passedIn(next, all);
  for (const step of all) {
    const { name, scope } = step;
    const now = stepOf(next, name);
    if (now === undefined || isSettled(now)) continue;
    const isSkippedWith = scope !== "" && stepOf(next, scope)?.status === "skipped";
    const by = passed.get(name);
    if (!isSkippedWith && by === undefined) continue;
    if (isSkippedWith) findings.change({ step: name, isSkipped: true });
    else if (placeOf(before.steps, name) !== undefined)
      findings.refuse(`${String(by)} comes after "${name}" in the new definition, which has not settled`);
    else skip(step, next, String(by), findings);
    if (findings.reasons.length > 0) return; // what comes after it can't be said
    next = after();
  }
}

/** The steps that have to have settled, each with what says so: a step after it that has begun, or a sub-workflow around it that has finished. */
function passedIn(next: RunState, all: readonly OfRun[]): ReadonlyMap<string, string> {
  const passed = new Map<string, string>();
  for (const { name, after } of all.toReversed()) {
    const step = stepOf(next, name);
    const around = scopeOf(name);
    if (around !== "" && stepOf(next, around)?.status === "finished")
      passed.set(name, `the sub-workflow "${around}" has finished, and`);
    const hasBegun = step !== undefined && step.status !== "pending";
    const by = hasBegun ? `"${name}" has begun, and` : passed.get(name);
    if (by !== undefined) for (const other of after) if (!passed.has(other)) passed.set(other, by);
  }
  return passed;
}

/** Has a new step skipped as it would have been, or as its `otherwise` says. */
function skip(step: OfRun, next: RunState, by: string, findings: Findings): void {
  const { name, after, needs } = step;
  const missing = after.find((other) => !isSettledIn(next, other));
  if (missing !== undefined) {
    findings.refuse(`${by} comes after "${name}", which is new and comes after "${missing}", which has not settled`);
    return;
  }
  try {
    const sources = decodeSources(sourcesIn(next, step).payloads, findings.codec);
    const isWithout = needs.some((other) => isAbsentIn(next, other));
    const isNotWanted = isWithout || !isWanted(step, sources);
    const given: Partial<MigratedValue> =
      step.otherwise === undefined ? {} : { output: standIn(step, sources, findings.codec) };
    if (isNotWanted || step.otherwise !== undefined) findings.change({ step: name, isSkipped: true, ...given });
    else findings.refuse(`${by} comes after "${name}", which is new: the run has passed it, and it has no otherwise`);
  } catch (error) {
    findings.refuse(`the run has passed "${name}", and what stands in for it can't be said: ${messageOf(error)}`);
  }
}

function isSettledIn(state: RunState, name: string): boolean {
  const step = stepOf(state, name);
  return step !== undefined && isSettled(step);
}

function isAbsentIn(state: RunState, name: string): boolean {
  const step = stepOf(state, name);
  return step !== undefined && isAbsent(step);
}
