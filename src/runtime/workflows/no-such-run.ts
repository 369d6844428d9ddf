/** The error for a run that isn't there. */

import { TroupeError } from "../../errors/troupe-error.ts";
import type { WorkflowId } from "../../workflows/definition/workflow-definition.ts";
import type { RunHandle } from "../../workflows/run-handle.ts";

export function noSuchRun(id: string): TroupeError {
  return new TroupeError("no-such-run", `there is no run ${id} in the store`, { details: { run: id } });
}

/** @throws TroupeError `no-such-run` for a run of another workflow, or of another version of it. */
export function checkWorkflow({ id, workflow }: Pick<RunHandle, "id" | "workflow">, wanted: WorkflowId): void {
  const name = `${wanted.name}@${wanted.version}`;
  const found = `${workflow.name}@${workflow.version}`;
  if (name === found) return;
  throw new TroupeError(
    "no-such-run",
    `there is no run ${id} of ${name}: the run ${id} is one of ${found}. Give findRun that workflow, or the id alone.`,
    { details: { run: id, workflow: name, found } },
  );
}
