/** The errors a caller gets when a run can't be started, resumed or cancelled. */

import { TroupeError } from "../../errors/troupe-error.ts";
import type { WorkflowPlan } from "../coordination/workflow-plan.ts";
import type { RunEvent } from "../history/run-event.ts";
import { pivotPassed } from "../history/run-progress.ts";
import type { RunState } from "../history/run-state.ts";

/** @throws TroupeError `workflow-changed` */
export function checkSameDefinition(id: string, { workflow, definition }: RunState, plan: WorkflowPlan): void {
  if (definition === undefined || definition === plan.fingerprint) return;
  const { name, version } = workflow;
  throw new TroupeError(
    "workflow-changed",
    `the run ${id} was started with another definition of ${name}@${version}: its steps or contracts have changed since, under the same version. ` +
      "Bring the old definition back until its runs have ended, and give the new one a version of its own; or have it follow this one, and migrate its runs.",
    { details: { run: id, workflow: name, version, startedWith: definition, found: plan.fingerprint } },
  );
}

export function notAdmissible(id: string, { status }: RunState, what: RunEvent["type"]): TroupeError {
  const why = status === "compensation-failed" ? " at its point of no return, and isn't undone" : "";
  const message = `the run ${id} is ${status}${why}: ${cures[what] ?? `it doesn't take the event ${what}`}`;
  return new TroupeError("not-admissible", message, { details: { run: id, status } });
}

const cures: Partial<Record<RunEvent["type"], string>> = {
  "compensation-retried": "retryCompensation() is for runs that could not be undone",
  "undo-requested": "undo() is for runs that completed",
  "run-resolved": "resolve() is for runs that could not be undone, once",
  "run-recovered": "it has ended, and there is nothing to go on with",
};

/** Checks that a run is not past its point of no return, where `event` would turn it back. @throws TroupeError `past-point-of-no-return` */
export function checkTurn(id: string, state: RunState, event: RunEvent): void {
  const { status } = state;
  const isCancelled = event.type === "cancel-requested" && status === "running";
  const isUndone = event.type === "undo-requested" && status === "completed";
  const step = isCancelled || isUndone ? pivotPassed(state) : undefined;
  if (step === undefined) return;
  throw new TroupeError(
    "past-point-of-no-return",
    `the run ${id} can't be ${isUndone ? "undone" : "cancelled"} any more: the step "${step}", its point of no return, has finished`,
    { details: { run: id, step } },
  );
}

export function notBegun(id: string, step: string): TroupeError {
  return new TroupeError("run-cancelled", `the step "${step}" had not begun when the run ${id} turned back`, {
    details: { run: id, step },
  });
}

export function runExists(id: string): TroupeError {
  return new TroupeError(
    "run-exists",
    `there is a run ${id} already. Leave the id out to get a fresh one, or read run/${id} to see what became of it.`,
    {
      details: { run: id },
    },
  );
}

export function overtaken(id: string, known: number, found: number): TroupeError {
  return new TroupeError(
    "conflict",
    `run/${id} has ${found} events where the supervisor knew of ${known}: something else wrote it. Only the supervisor may.`,
    {
      details: { run: id, known, found },
    },
  );
}
