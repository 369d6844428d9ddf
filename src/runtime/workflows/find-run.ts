/** The handle on a run: the one that there is, or a new one, made of what the store has. */

import type { RunHandle } from "../../workflows/run-handle.ts";
import type { WorkflowId } from "../../workflows/definition/workflow-definition.ts";
import type { ReadonlyOpenRuns } from "../../workflows/supervisor/open-runs.ts";
import type { AcceptedRuns } from "./accepted-runs.ts";
import { noSuchRun } from "./no-such-run.ts";
import type { RefusedRuns } from "./refused-runs.ts";
import type { StoredRuns } from "./stored-runs.ts";

export interface FindRunPorts {
  readonly accepted: Pick<AcceptedRuns, "handle" | "adopt">;
  readonly stored: Pick<StoredRuns, "versions">;
  readonly refused: Pick<RefusedRuns, "get">;
  readonly open: Pick<ReadonlyOpenRuns, "lengthOf">;
  newHandle(id: string, workflow: WorkflowId): RunHandle;
}

/** @throws TroupeError (as a rejection) `no-such-run` */
export async function findRun(id: string, ports: FindRunPorts): Promise<RunHandle> {
  const { accepted, stored, refused, open, newHandle } = ports;
  const known = accepted.handle(id);
  if (known !== undefined) return known.recall();
  const versions = await stored.versions(id);
  const again = accepted.handle(id); // it may have been taken up meanwhile
  if (again !== undefined) return again.recall();
  const [first] = versions;
  if (first === undefined) throw noSuchRun(id);
  const length = open.lengthOf(id);
  if (length !== undefined && length !== versions.at(-1)?.state.length) return findRun(id, ports); // it went on meanwhile
  const handle = newHandle(id, first.state.workflow);
  for (const version of versions) handle.observe(version, version !== versions.at(-1));
  if (length !== undefined) accepted.adopt(handle);
  const why = refused.get(id);
  if (why !== undefined) handle.break(why.error);
  return handle;
}
