/** The runs of one system that were accepted and have not ended, in flight or waiting for their turn, with the handles on them. */

import type { Parts } from "../../workflows/definition/parts.ts";
import type { RunHandle } from "../../workflows/run-handle.ts";
import type { Listeners } from "../../workflows/supervisor/supervisor-ports.ts";
import { isOpen, type RunState } from "../../workflows/history/run-state.ts";
import { isParked } from "../../workflows/history/run-waits.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { MaybePromise } from "../../async/maybe-promise.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import { type OverloadPolicy, RunQueue, type RunQueueOptions, type Waiting } from "../queues/run-queue.ts";

/**
 * What became of the runs that had not ended when a system was closed.
 *
 * @since 0.1.0
 */
export interface LeftRuns {
  /** The ids of runs that are recorded. With a journal on disk, the next system goes on with them. */
  readonly unfinished: readonly string[];
  /** The ids of runs that waited for their turn. Nothing of them is recorded. */
  readonly notStarted: readonly string[];
}

/**
 * Guarantees: there is one handle on a run at a time; it settles when the run ends, breaks or is given up, and then
 * the next that waits begins.
 */
export class AcceptedRuns implements Listeners {
  readonly #queue: RunQueue;
  /** All runs, except one that was parked when it was taken up, as long as no code asks for it. */
  readonly #handles = new Map<string, RunHandle>();
  /** The runs whose start is on its way to the journal; each promise resolves when it is known whether it got there. */
  readonly #starting = new Map<string, Promise<void>>();
  readonly #notStarted: string[] = [];
  /** The runs that only wait for an answer or a time: they are not in flight. */
  readonly #parked = new Set<string>();
  readonly #onFailed: (handle: RunHandle) => void;

  /** @param onFailed called when a run ends without a result, or could not be started and its caller is not told by an error. @param others as of {@link RunQueue}. */
  constructor(options: RunQueueOptions, onFailed: (handle: RunHandle) => void, others?: () => Waiting | undefined) {
    this.#queue = new RunQueue(options, others);
    this.#onFailed = onFailed;
  }

  get counts(): { readonly inFlight: number; readonly waiting: number; readonly parked: number } {
    return { ...this.#queue.counts, parked: this.#parked.size };
  }

  /** The handle on a run, while there is one. */
  handle(id: string): RunHandle | undefined {
    return this.#handles.get(id);
  }

  /**
   * Returns whether a new run would be in flight at once, and not wait for its turn.
   *
   * @throws TroupeError `run-exists` for the id of a run that has not ended, `overloaded`.
   */
  check(id: string, onOverload: OverloadPolicy): boolean {
    this.checkFree(id);
    const { hasRoom } = this.#queue;
    if (!hasRoom) this.#queue.checkMayWait(id, onOverload);
    return hasRoom;
  }

  /** @throws TroupeError `run-exists` */
  checkFree(id: string): true {
    if (this.#handles.has(id) || this.#parked.has(id)) throw inFlight(id);
    return true;
  }

  /** Puts a run in flight and starts it. Throws what `start` throws; what it rejects with goes to the handle. */
  start(handle: RunHandle, start: () => MaybePromise<void>): void {
    this.#queue.enter(handle.id);
    this.#begin(handle, start, true);
  }

  /** Starts a run when it is its turn. What goes wrong then goes to the handle. */
  wait(handle: RunHandle, start: () => MaybePromise<void>): void {
    this.#queue.wait(handle.id, () => this.#begin(handle, start, false));
    this.#handles.set(handle.id, handle);
  }

  /** Puts a run in flight that was accepted before the process started. Throws what `resume` throws, or rejects with. */
  async takeUp(handle: RunHandle, resume: () => MaybePromise<void>): Promise<void> {
    const { id } = handle;
    this.#handles.set(id, handle);
    this.#queue.enter(id);
    try {
      await resume();
    } catch (error) {
      this.#over(id);
      throw error;
    }
  }

  /** A run has its next version. */
  observe(id: string, snapshot: Snapshot<RunState>): void {
    this.#handles.get(id)?.observe(snapshot);
    if (!isOpen(snapshot.state)) this.#over(id);
    else if (isParked(snapshot.state)) this.park(id);
    else if (this.#parked.size > 0 && this.#parked.delete(id)) this.#queue.enter(id);
  }

  isHeard(run: string): boolean {
    return this.#handles.get(run)?.isHeard === true;
  }

  take(parts: Parts): boolean {
    const handle = this.#handles.get(parts.run);
    handle?.take(parts);
    return handle?.isHeard === true;
  }

  /** A run only waits for an answer or a time: another one may take its place. One of an earlier process need not have a handle. */
  park(id: string): void {
    this.#parked.add(id);
    this.#handles.get(id)?.rest();
    this.#queue.leave(id);
  }

  /** A run of the others may begin, if there is a place for it. */
  fill(): void {
    this.#queue.fill();
  }

  /** A run that was to begin doesn't. */
  leave(id: string): void {
    this.#queue.leave(id);
  }

  /** From now on there is a handle on a run that was parked without one. */
  adopt(handle: RunHandle): void {
    this.#handles.set(handle.id, handle);
  }

  /** A run can't go on. */
  break(id: string, error: unknown): void {
    this.#handles.get(id)?.break(error);
    this.#over(id);
  }

  /** Takes back a run that waits for its turn. Returns its handle, for the caller to break; `undefined` for a run that doesn't wait. */
  withdraw(id: string): RunHandle | undefined {
    return this.#queue.withdraw(id) ? this.#forget(id) : undefined;
  }

  /** Resolves when no run is in flight or waiting. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  /** Gives up the runs that wait for their turn. Their callers get an error. */
  turnAway(lost?: TroupeError): void {
    for (const id of this.#queue.withdrawAll()) {
      this.#notStarted.push(id);
      this.#forget(id)?.break(closedBefore(id, false, lost));
    }
  }

  /**
   * Ends each wait for a run, since the system closes. Resolves, once the journal has answered, to what is left.
   *
   * @param lost why the system closes, if it has lost its journal
   */
  async close(lost?: TroupeError): Promise<LeftRuns> {
    this.turnAway(lost);
    this.#queue.close(() => new TroupeError("system-closed", "the system was closed before its runs had ended"));
    const unfinished: string[] = [];
    const leave = (id: string): void => {
      unfinished.push(id);
      this.#forget(id)?.break(closedBefore(id, true, lost));
    };
    for (const id of new Set([...this.#handles.keys(), ...this.#parked])) if (!this.#starting.has(id)) leave(id);
    await Promise.all(this.#starting.values());
    for (const id of [...this.#handles.keys()]) leave(id); // the runs whose start is recorded after all
    this.#parked.clear();
    return { unfinished, notStarted: this.#notStarted };
  }

  #begin(handle: RunHandle, start: () => MaybePromise<void>, isCallerThere: boolean): void {
    const { id } = handle;
    this.#handles.set(id, handle);
    const failed = (error: unknown): void => {
      handle.break(error);
      this.#over(id);
    };
    try {
      const started = start();
      if (!(started instanceof Promise)) return;
      const settled = started.catch(failed).then(() => void this.#starting.delete(id));
      this.#starting.set(id, settled);
    } catch (error) {
      if (!isCallerThere) return failed(error);
      handle.break(error);
      if (this.#handles.delete(id)) this.#queue.leave(id);
      throw error;
    }
  }

  #forget(id: string): RunHandle | undefined {
    const handle = this.#handles.get(id);
    this.#handles.delete(id);
    return handle;
  }

  /** A run has ended: the next run that waits may start. */
  #over(id: string): void {
    const handle = this.#forget(id);
    if (this.#parked.size > 0) this.#parked.delete(id);
    this.#queue.leave(id);
    if (handle?.failure !== undefined) this.#onFailed(handle);
  }
}

function closedBefore(run: string, isRecorded: boolean, lost: TroupeError | undefined): TroupeError {
  if (lost !== undefined) return lostBefore(run, isRecorded, lost);
  const message = isRecorded
    ? `the system was closed before the run ${run} ended. With a journal on disk, the next system goes on with it.`
    : `the system was closed before it was the turn of the run ${run}: it was not started. Start it again.`;
  return new TroupeError("system-closed", message, { details: { run, isRecorded } });
}

function lostBefore(run: string, isRecorded: boolean, lost: TroupeError): TroupeError {
  const message = isRecorded
    ? `the journal was lost before it was known here that the run ${run} had ended. The journal's owner has it, or goes on with it.`
    : `the journal was lost before it was the turn of the run ${run}: it was not started. Start it again at the journal's owner.`;
  const { details } = lost as TroupeError<"ownership-lost">;
  return new TroupeError("ownership-lost", message, { cause: lost, details: { ...details, run, isRecorded } });
}

function inFlight(id: string): TroupeError {
  return new TroupeError("run-exists", `there is a run ${id} in flight. Leave the id out to get a fresh one.`, {
    details: { run: id },
  });
}
