/** Goes on with the runs that earlier processes left unfinished. */

import type { MaybePromise } from "../../async/maybe-promise.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import type { WorkflowDefinition, WorkflowId } from "../../workflows/definition/workflow-definition.ts";
import { isOpen, type RunState } from "../../workflows/history/run-state.ts";
import type { QueueKeeper } from "../queues/queue-keeper.ts";
import { noSuchRun } from "./no-such-run.ts";
import type { RefusedRuns } from "./refused-runs.ts";
import type { UnfinishedRuns } from "./unfinished-runs.ts";

export interface RecoveryEvents {
  /** A run that a process left unfinished goes on. */
  onRecovered(run: string): void;
  /** A run that a process left unfinished can't go on here. */
  onRefused(run: string, error: unknown): void;
}

export interface RecoveryPorts {
  readonly unfinished: Pick<UnfinishedRuns, "find" | "found" | "leave" | "ended">;
  readonly refused: Pick<RefusedRuns, "add" | "forget">;
  readonly queues: Pick<QueueKeeper, "isUsed" | "leftAside">;
  readonly events: RecoveryEvents;
  /** The newest version of a run. */
  newest(run: string): MaybePromise<Snapshot<RunState> | undefined>;
  /** The same of many, read together; fails if one of them can't be read. */
  newestOf(runs: readonly string[]): MaybePromise<readonly (Snapshot<RunState> | undefined)[]>;
  workflowOf(id: WorkflowId): Promise<WorkflowDefinition>;
  /** Goes on with a run if it is parked; returns whether it is. */
  takeUpParked(run: string, found: Snapshot<RunState>, workflow: WorkflowDefinition): boolean;
  takeUp(run: string, found: Snapshot<RunState>): Promise<unknown>;
}

/** How many runs are read together, and taken up beside each other. */
const atOnce = 100;

/** What says nothing of the run at which it comes up: the system ends, or a name is of none. */
const endings = ["system-closed", "ownership-lost", "outcome-unknown", "no-such-run"] as const;

export class Recovery {
  readonly #ports: RecoveryPorts;
  /** The workflows of the runs so far, each found once: 100,000 runs that wait are of one. */
  readonly #workflows = new Map<string, Promise<WorkflowDefinition>>();

  constructor(ports: RecoveryPorts) {
    this.#ports = ports;
  }

  /**
   * Goes on with all runs that have not ended, or with those that are named. Resolves when each is taken up or refused.
   *
   * @throws TroupeError (as a rejection) `no-such-run` for a name that no run has.
   */
  async run(which: true | readonly string[]): Promise<void> {
    const { unfinished } = this.#ports;
    const ids = which === true ? await unfinished.find() : [...new Set(which)];
    for (let first = 0; first < ids.length; first += atOnce) {
      const some = ids.slice(first, first + atOnce);
      const reading = this.#readTogether(some);
      const read = reading instanceof Promise ? await reading : reading;
      const goOn = (id: string, i: number): Promise<void> =>
        this.#goOnWith(id, read === "unread" ? read : read[i], which);
      // beside each other they share reads of a journal that is elsewhere; where it is here, that would only mix them up
      if (reading instanceof Promise) await Promise.all(some.map(goOn));
      else for (const [i, id] of some.entries()) await goOn(id, i);
    }
    if (which === true) unfinished.found();
    else await this.#leaveAside(new Set(which));
    this.#workflows.clear();
  }

  /** `unread` where one of them can't be read: then each is read by itself, and has its own error. */
  #readTogether(ids: readonly string[]): MaybePromise<readonly (Snapshot<RunState> | undefined)[] | "unread"> {
    const failed = (error: unknown): "unread" => {
      if (endings.some((code) => isTroupeError(error, code))) throw error;
      return "unread";
    };
    try {
      const read = this.#ports.newestOf(ids);
      return read instanceof Promise ? read.catch(failed) : read;
    } catch (error) {
      return failed(error);
    }
  }

  async #goOnWith(
    id: string,
    read: Snapshot<RunState> | undefined | "unread",
    which: true | readonly string[],
  ): Promise<void> {
    const { unfinished, refused, events, newest } = this.#ports;
    let state: RunState | undefined;
    try {
      const found = read === "unread" ? await newest(id) : read;
      state = found?.state;
      if (found === undefined && which !== true) throw noSuchRun(id);
      if (found === undefined || !isOpen(found.state)) {
        unfinished.ended(id);
        return;
      }
      if (!this.#ports.takeUpParked(id, found, await this.#workflowOf(found.state.workflow)))
        await this.#ports.takeUp(id, found);
      events.onRecovered(id);
    } catch (error) {
      if (endings.some((code) => isTroupeError(error, code))) throw error;
      unfinished.leave(id);
      if (state !== undefined) this.#ports.queues.leftAside(id, state);
      await refused.add(id, error, state);
      events.onRefused(id, error);
    }
  }

  /** Those that are not wanted have their places in queues all the same. */
  async #leaveAside(wanted: ReadonlySet<string>): Promise<void> {
    const { unfinished, queues, newest } = this.#ports;
    if (!queues.isUsed) return;
    for (const id of await unfinished.find()) {
      const found = wanted.has(id) ? undefined : await newest(id);
      if (found !== undefined) queues.leftAside(id, found.state);
    }
  }

  /** Goes on with runs that were refused before, or left, as far as `recover` says so. */
  async goOn(ids: readonly string[], recover: boolean | readonly string[]): Promise<void> {
    for (const id of ids) this.#ports.refused.forget(id);
    const wanted = ids.filter((id) => recover === true || (recover !== false && recover.includes(id)));
    if (wanted.length > 0) await this.run(wanted);
  }

  #workflowOf(id: WorkflowId): Promise<WorkflowDefinition> {
    const key = JSON.stringify([id.module, id.name, id.version]);
    let workflow = this.#workflows.get(key);
    if (workflow === undefined) this.#workflows.set(key, (workflow = this.#ports.workflowOf(id)));
    return workflow;
  }
}
