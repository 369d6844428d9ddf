/** Goes on with runs of the store that no process looks after: as a system starts, or as a person asks for it. */

import type { WorkflowDefinition, WorkflowId } from "../../workflows/definition/workflow-definition.ts";
import type { Intervention } from "../../workflows/history/run-event.ts";
import type { RunState } from "../../workflows/history/run-state.ts";
import type { RunHandle } from "../../workflows/run-handle.ts";
import type { RunSupervisor } from "../../workflows/supervisor/run-supervisor.ts";
import { notAdmissible } from "../../workflows/supervisor/supervisor-errors.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import type { QueueKeeper } from "../queues/queue-keeper.ts";
import type { AcceptedRuns } from "./accepted-runs.ts";
import { noSuchRun } from "./no-such-run.ts";
import type { StoredRuns } from "./stored-runs.ts";

export interface TakeUpsOptions {
  readonly supervisor: Pick<RunSupervisor, "resume" | "resumeParked" | "openRuns">;
  readonly accepted: Pick<AcceptedRuns, "checkFree" | "takeUp" | "park">;
  readonly stored: Pick<StoredRuns, "versions">;
  readonly queues: Pick<QueueKeeper, "observe">;
  /** True for a run that is being forgotten. */
  readonly isForgetting: (run: string) => boolean;
  /** @throws TroupeError (as a rejection) `module-failed`, `definition-not-found`. */
  readonly workflowOf: (id: WorkflowId) => Promise<WorkflowDefinition>;
  readonly newHandle: (run: string, workflow: WorkflowId) => RunHandle;
}

export class TakeUps {
  readonly #options: TakeUpsOptions;

  constructor(options: TakeUpsOptions) {
    this.#options = options;
  }

  /** Goes on with a run by recording `event`. Resolves when that is recorded: to `given`, or else to a new handle. */
  async by(id: string, event: Intervention | "recover", given?: RunHandle): Promise<RunHandle> {
    const { supervisor, accepted, stored, workflowOf, newHandle } = this.#options;
    const versions = await stored.versions(id);
    const snapshot = versions.at(-1);
    if (snapshot === undefined) throw noSuchRun(id);
    if (event !== "recover" && supervisor.openRuns.has(id)) throw notAdmissible(id, snapshot.state, event.type);
    const workflow = await workflowOf(snapshot.state.workflow);
    accepted.checkFree(id);
    const handle = given ?? newHandle(id, snapshot.state.workflow);
    if (given === undefined) for (const version of versions) handle.observe(version, true);
    await this.#resume(handle, snapshot, workflow, event);
    return handle;
  }

  /** Goes on with a run that an earlier process left. Its earlier history is read once some code looks at it. */
  async recover(id: string, found: Snapshot<RunState>): Promise<void> {
    const { accepted, workflowOf, newHandle } = this.#options;
    const workflow = await workflowOf(found.state.workflow);
    accepted.checkFree(id);
    const handle = newHandle(id, found.state.workflow);
    handle.goOnFrom(found);
    await this.#resume(handle, found, workflow, "recover");
  }

  /** Goes on with a run if it only waits for an answer or a time; returns whether it does. Nothing is recorded for that, and it gets no handle yet. */
  parked(id: string, found: Snapshot<RunState>, workflow: WorkflowDefinition): boolean {
    const { supervisor, accepted } = this.#options;
    accepted.checkFree(id);
    const isParked = supervisor.resumeParked(found, id, workflow);
    if (isParked) this.#park(id, found.state);
    return isParked;
  }

  async #resume(
    handle: RunHandle,
    snapshot: Snapshot<RunState>,
    workflow: WorkflowDefinition,
    event: Intervention | "recover",
  ): Promise<void> {
    const { supervisor, accepted, isForgetting } = this.#options;
    const { id } = handle;
    await accepted.takeUp(handle, () => {
      if (isForgetting(id)) throw noSuchRun(id);
      return supervisor.resume(snapshot, id, workflow, event);
    });
    if (supervisor.openRuns.isParked(id)) this.#park(id, snapshot.state);
  }

  /** Tells the other parts of a parked run that goes on: as nothing is recorded for that, they would not hear of it. */
  #park(id: string, state: RunState): void {
    this.#options.accepted.park(id);
    this.#options.queues.observe(id, state);
  }
}
