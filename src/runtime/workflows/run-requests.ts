/** What is asked of a run by its handle: to be cancelled, and to take the answer to a wait. The run may be one that no process goes on with. */

import { TroupeError } from "../../errors/troupe-error.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import { refusedAnswer } from "../../workflows/history/refused-answer.ts";
import type { CancelRequested } from "../../workflows/history/run-event.ts";
import { isOpen, type RunState } from "../../workflows/history/run-state.ts";
import type { RunHandle } from "../../workflows/run-handle.ts";
import type { TellOptions } from "../../workflows/definition/tell-options.ts";
import type { RunSupervisor } from "../../workflows/supervisor/run-supervisor.ts";
import type { AcceptedRuns } from "./accepted-runs.ts";

export interface RunRequestsOptions {
  readonly supervisor: Pick<RunSupervisor, "cancel" | "tell" | "openRuns">;
  readonly accepted: Pick<AcceptedRuns, "handle" | "withdraw">;
  /** The newest state of a run; `undefined` if nothing of it is recorded. */
  readonly newest: (run: string) => Promise<RunState | undefined>;
  /** All versions of a run's key, oldest first. */
  readonly versions: (run: string) => Promise<readonly Snapshot<RunState>[]>;
  /** Goes on with the run of a handle, by recording `event`. */
  readonly takeUp: (event: CancelRequested | "recover", handle: RunHandle) => Promise<unknown>;
}

export class RunRequests {
  readonly #options: RunRequestsOptions;
  #closed: string | undefined;

  constructor(options: RunRequestsOptions) {
    this.#options = options;
  }

  /** Takes no answers from now on, since the agents of runs that would go on are about to stop. */
  rest(): void {
    this.#closed ??= "is being drained";
  }

  close(): void {
    this.#closed = "is closed";
  }

  async cancel(handle: RunHandle, reason: string | undefined): Promise<void> {
    const { supervisor, accepted } = this.#options;
    const { id } = handle;
    if (accepted.handle(id) !== handle) return this.#cancelLeft(handle, reason);
    if (accepted.withdraw(id) === undefined) return supervisor.cancel(id, reason);
    const said = reason === undefined ? "" : `: ${reason}`;
    handle.break(
      new TroupeError("run-cancelled", `the run ${id} was cancelled before it started${said}`, {
        details: { run: id },
      }),
    );
  }

  /** Cancels a run that a process left unfinished and that this system has not taken up: takes it up in order to undo it. */
  async #cancelLeft(handle: RunHandle, reason: string | undefined): Promise<void> {
    const { supervisor, accepted, newest, takeUp } = this.#options;
    const { id } = handle;
    if (this.#closed === "is closed") return;
    const state = await newest(id);
    if (state === undefined || !isOpen(state)) return; // it has ended
    if (accepted.handle(id) !== undefined) return supervisor.cancel(id, reason);
    await takeUp({ type: "cancel-requested", ...(reason === undefined ? {} : { reason }) }, handle);
  }

  /** Answers a wait, once the run has started. If it takes no answer, its history says why. */
  async tell(handle: RunHandle, wait: string, answer: unknown, options: TellOptions): Promise<void> {
    const { supervisor, versions } = this.#options;
    const { id } = handle;
    await handle.started;
    await this.#takeUpLeft(handle);
    if (this.#closed !== undefined) throw new TroupeError("system-closed", `the system ${this.#closed}`);
    if (await supervisor.tell(id, wait, answer, options)) return;
    const refusal = refusedAnswer(id, wait, await versions(id), options.idempotencyKey);
    if (refusal !== undefined) throw refusal;
  }

  /** Takes up the run of a handle, if it hasn't ended and no process goes on with it. */
  async #takeUpLeft(handle: RunHandle): Promise<void> {
    const { supervisor, accepted, newest, takeUp } = this.#options;
    const { id } = handle;
    const isHere = (): boolean =>
      this.#closed !== undefined || supervisor.openRuns.has(id) || accepted.handle(id) !== undefined;
    if (isHere()) return;
    const state = await newest(id);
    if (state !== undefined && isOpen(state) && !isHere()) await takeUp("recover", handle);
  }
}
