/** What all handles on the runs of a system share. */

import type { MaybePromise } from "../../async/maybe-promise.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import type { Intervention } from "../../workflows/history/run-event.ts";
import { runOf, type RunState, runState } from "../../workflows/history/run-state.ts";
import type { RunHandle, RunHandlePorts } from "../../workflows/run-handle.ts";
import type { RunSupervisor } from "../../workflows/supervisor/run-supervisor.ts";
import type { RunRequests } from "./run-requests.ts";
import type { SupervisorActor } from "./supervisor-actor.ts";

export interface HandlePortsOptions {
  readonly actor: Pick<SupervisorActor, "codec" | "store">;
  readonly supervisor: RunSupervisor;
  readonly requests: RunRequests;
  newest(id: string): MaybePromise<Snapshot<RunState> | undefined>;
  versions(id: string): Promise<readonly Snapshot<RunState>[]>;
  takeUp(id: string, event: Intervention): Promise<RunHandle>;
}

export function handlePorts(options: HandlePortsOptions): RunHandlePorts {
  const { actor, supervisor, requests, newest, versions, takeUp } = options;
  return {
    codec: actor.codec,
    cancel: (run, reason) => requests.cancel(run, reason),
    tell: (run, wait, answer, given) => requests.tell(run, wait, answer, given),
    listen: (id) => supervisor.listen(id),
    newest: async (id) => newest(id),
    versions,
    at: async (id, when) => runOf(await actor.store.at(runState, id, when)),
    retryCompensation: (id) => takeUp(id, { type: "compensation-retried" }),
    undo: (id, reason) => takeUp(id, { type: "undo-requested", ...(reason === undefined ? {} : { reason }) }),
    resolve: async (id, note) => supervisor.resolve(id, note),
  };
}
