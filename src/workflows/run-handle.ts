/** The implementation of {@link Run}, fed with the versions of the run's key. */

import { sentence } from "../values/sentence.ts";
import { Observable, Subject } from "rxjs";
import { decodeError, type EncodedError } from "../errors/error-codec.ts";
import { isTroupeError, TroupeError } from "../errors/troupe-error.ts";
import { quietStream } from "../async/quiet-stream.ts";
import { type Deferred, deferred } from "../async/deferred.ts";
import type { Snapshot } from "../store/versions/snapshot.ts";
import type { PayloadCodec } from "../contracts/payload-codec.ts";
import type { WorkflowId } from "./definition/workflow-definition.ts";
import type { Run } from "./run.ts";
import { type RunRecord, recordsOf } from "./history/run-history.ts";
import { outputOf } from "./history/run-note.ts";
import { stepOf, stoppedAtPivot } from "./history/run-progress.ts";
import { isOpen, type RunState } from "./history/run-state.ts";

/** What a handle needs from the system. */
export interface RunHandlePorts {
  cancel(run: string, reason?: string): Promise<void>;
  /** All versions of the run's key, oldest first. */
  versions(run: string): Promise<Iterable<Snapshot<RunState>>>;
  /** Has the failed compensation tried again. Returns another handle on the run. */
  retryCompensation(run: string): Promise<Run>;
  resolve(run: string, note: string): Promise<void>;
  readonly codec: PayloadCodec;
}

/**
 * A {@link Run} that shows the versions it is given. Its owner passes every version of the run to {@link
 * RunHandle.observe}, in order, and calls {@link RunHandle.break} if the run can't go on. It decides nothing about the
 * run.
 */
export class RunHandle<Output = unknown> implements Run<Output> {
  readonly id: string;
  /** The workflow that it is a run of. */
  readonly workflow: WorkflowId;
  readonly started: Promise<void>;
  readonly #ports: RunHandlePorts;
  readonly #result: Deferred<Output>;
  readonly #begun: Deferred<void>;
  readonly #past: RunRecord[] = [];
  /** Versions whose records were not read yet: records are made only when a reader needs them. */
  readonly #unseen: Snapshot<RunState>[] = [];
  #isShowing = false;
  #isOver = false;
  #isAttended = false;
  #failure: { readonly error: unknown } | undefined;
  readonly #live = new Subject<RunRecord>();

  constructor(id: string, workflow: WorkflowId, ports: RunHandlePorts) {
    this.id = id;
    this.workflow = workflow;
    this.#ports = ports;
    this.#result = quietly<Output>();
    const started = quietly<void>();
    this.started = started.promise;
    this.#begun = started;
  }

  get result(): Promise<Output> {
    this.#isAttended = true;
    return this.#result.promise;
  }

  /** True once code has taken the result or subscribed to the events: then it is told of a failure. */
  get isAttended(): boolean {
    return this.#isAttended;
  }

  /** The error that the result rejects with. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  get events$(): Observable<RunRecord> {
    return quietStream(this.#records$());
  }

  #records$(): Observable<RunRecord> {
    return new Observable((subscriber) => {
      this.#isAttended = true;
      this.#show();
      // also covers records that are added meanwhile, because of something the subscriber does
      for (const record of this.#past) subscriber.next(record);
      return this.#live.subscribe(subscriber);
    });
  }

  async cancel(reason?: string): Promise<void> {
    if (reason !== undefined) checkText("cancel: reason", reason);
    await this.#ports.cancel(this.id, reason);
  }

  async retryCompensation(): Promise<Run<Output>> {
    return (await this.#ports.retryCompensation(this.id)) as Run<Output>;
  }

  async resolve(note: string): Promise<void> {
    checkText("resolve: note", note);
    await this.#ports.resolve(this.id, note);
  }

  async history(): Promise<RunRecord[]> {
    return this.#records(await this.#ports.versions(this.id));
  }

  /**
   * Takes in the next version of the run. A version with the run's end settles everything, unless the run goes on from
   * that end.
   */
  observe(snapshot: Snapshot<RunState>, goesOn = false): void {
    this.#unseen.push(snapshot);
    this.#begun.resolve();
    this.#isOver = !isOpen(snapshot.state) && !goesOn;
    if (this.#live.observed) this.#show();
    else if (this.#isOver) this.#live.complete();
    if (!this.#isOver) return;
    if (snapshot.state.status === "completed")
      this.#result.resolve(this.#ports.codec.decode(outputOf(snapshot.state)) as Output);
    else this.#reject(runError(this.id, snapshot.state));
  }

  /** The run can't go on. The end of the system ends its events; any other reason is their error. */
  break(error: unknown): void {
    if (isTroupeError(error, "system-closed")) this.#live.complete();
    else this.#live.error(error);
    this.#reject(error);
    this.#begun.reject(error);
  }

  #reject(error: unknown): void {
    this.#failure ??= { error };
    this.#result.reject(error);
  }

  /** A subscriber may cause the next version, by cancelling: that one waits until all subscribers have got this one. */
  #show(): void {
    if (this.#isShowing) return;
    this.#isShowing = true;
    for (let version = this.#unseen.shift(); version !== undefined; version = this.#unseen.shift()) {
      for (const record of this.#records([version])) {
        this.#past.push(record);
        this.#live.next(record);
      }
    }
    this.#isShowing = false;
    if (this.#isOver) this.#live.complete();
  }

  #records(versions: Iterable<Snapshot<RunState>>): RunRecord[] {
    return recordsOf(this.id, versions, this.#ports.codec);
  }
}

/** A promise whose rejection doesn't end the process when it has no handler; the promise itself still rejects. */
function quietly<T>(): Deferred<T> {
  const made = deferred<T>();
  made.promise.catch(() => undefined);
  return made;
}

/** A person's note is kept in the run's history, where anything but a string could break the run. */
function checkText(what: string, given: unknown): void {
  if (typeof given !== "string") throw new TroupeError("invalid-options", `${what} is a string, not ${typeof given}`);
}

/** The error that a run's result rejects with. */
function runError(run: string, state: RunState): TroupeError {
  const workflow = `${state.workflow.name}@${state.workflow.version}`;
  const why = state.cancelled === undefined ? `the step "${String(state.failed)}" failed` : "it was cancelled";
  const { uncompensated, failed } = state;
  if (state.resolved !== undefined) {
    return new TroupeError("run-resolved", `run ${run} of ${workflow}, after ${why}, was resolved: ${state.resolved}`, {
      details: { run, note: state.resolved },
    });
  }
  const reached = stoppedAtPivot(state);
  if (reached !== undefined) {
    const { pivot } = reached;
    const { error, cause } = causeOf(stepOf(state, failed ?? pivot)?.error);
    const reason = reached.isCertain
      ? `the step "${pivot}", its point of no return, has finished`
      : `it is unknown whether the step "${pivot}", its point of no return, had effects. Find out: if it had none, retryCompensation() undoes the rest`;
    return new TroupeError(
      "compensation-failed",
      `run ${run} of ${workflow}: after ${why}, nothing is undone: ${sentence(reason)} The failure: ${error}`,
      { cause, details: { run, step: pivot, isPivot: true, ...(failed === undefined ? {} : { failed }) } },
    );
  }
  if (uncompensated !== undefined) {
    const { error, cause } = causeOf(stepOf(state, uncompensated)?.undoError);
    return new TroupeError(
      "compensation-failed",
      `run ${run} of ${workflow}: after ${why}, the step "${uncompensated}" could not be undone: ${sentence(error)} Steps that finished before it are not undone either.`,
      { cause, details: { run, step: uncompensated, ...(failed === undefined ? {} : { failed }) } },
    );
  }
  if (state.cancelled?.isExpired === true) {
    const message = `run ${run} of ${workflow} did not end before its deadline. What had finished is undone where its agent can.`;
    return new TroupeError("timed-out", message, { details: { run } });
  }
  if (state.cancelled !== undefined) {
    const { reason } = state.cancelled;
    const because = reason === undefined ? "" : `: ${reason}`;
    return new TroupeError(
      "run-cancelled",
      `run ${run} of ${workflow} ${sentence(`was cancelled${because}`)} What had finished is undone where its agent can.`,
      {
        details: { run, ...(reason === undefined ? {} : { reason }) },
      },
    );
  }
  const { error, cause } = causeOf(stepOf(state, String(failed))?.error);
  return new TroupeError(
    "step-failed",
    `run ${run} of ${workflow}: the step "${String(failed)}" failed: ${sentence(error)} What had finished is undone where its agent can.`,
    {
      cause,
      details: { run, step: String(failed) },
    },
  );
}

function causeOf(encoded: EncodedError | undefined): { readonly error: string; readonly cause: unknown } {
  return encoded === undefined
    ? { error: "for an unknown reason", cause: undefined }
    : { error: encoded.message, cause: decodeError(encoded) };
}
