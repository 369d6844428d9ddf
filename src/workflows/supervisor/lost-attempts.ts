/** What a run has lost with the participant of an agent. Pure. */

import type { EncodedError } from "../../errors/error-codec.ts";
import { agentStepOf } from "../coordination/workflow-plan.ts";
import type { Proposal } from "../history/run-event.ts";
import { allSteps } from "../steps/run-steps.ts";
import type { OpenRun } from "./open-run.ts";

/**
 * The failures of the attempts that the participant had in flight.
 *
 * @param taken what it had when it was lost. What follows from commits that were still on their way then, its successor performs.
 */
export function lostAttempts(
  run: OpenRun,
  agentKey: string,
  error: EncodedError,
  taken: ReadonlySet<string>,
): readonly Proposal[] {
  return allSteps(run.state.steps).flatMap(({ name, status, attempt }): Proposal[] => {
    if (!run.isLost(name, taken) || agentStepOf(run.plan, run.state, name)?.agentKey !== agentKey) return [];
    const of = { step: name, error, ...(attempt === undefined ? {} : { attempt }) };
    return [{ type: status === "started" ? "step-failed" : "compensation-failed", ...of }];
  });
}
