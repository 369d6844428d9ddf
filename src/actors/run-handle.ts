/** The handle on a run, fed with the versions of its key. */

import { Observable, Subject } from "rxjs";
import { decodeError } from "../errors/error-codec.ts";
import { TroupeError } from "../errors/troupe-error.ts";
import type { Snapshot } from "../store/snapshot.ts";
import type { PayloadCodec } from "./payload-codec.ts";
import type { Run } from "./run.ts";
import { type RunRecord, recordsOf } from "./supervisor/run-history.ts";
import { outputOf } from "./supervisor/run-note.ts";
import { isOpen, type RunState } from "./supervisor/run-state.ts";

/** What a handle can ask of the system. */
export interface RunHandlePorts {
  cancel(run: string, reason?: string): Promise<void>;
  /** All versions of the run's key, oldest first. */
  versions(run: string): Promise<Iterable<Snapshot<RunState>>>;
  readonly codec: PayloadCodec;
}

/**
 * A {@link Run} made of what the supervisor says of it: give it every version of the run by {@link RunHandle.observe}, in
 * order, and {@link RunHandle.break} if the run is lost.
 */
export class RunHandle<Output = unknown> implements Run<Output> {
  readonly id: string;
  readonly result: Promise<Output>;
  readonly #ports: RunHandlePorts;
  readonly #resolve: (output: Output) => void;
  readonly #reject: (error: unknown) => void;
  readonly #past: RunRecord[] = [];
  /** Versions whose records nobody has looked at yet: records are only made for those who look. */
  readonly #unseen: Snapshot<RunState>[] = [];
  #isShowing = false;
  #isOver = false;
  readonly #live = new Subject<RunRecord>();

  constructor(id: string, ports: RunHandlePorts) {
    this.id = id;
    this.#ports = ports;
    let settle: { resolve: (output: Output) => void; reject: (error: unknown) => void } | undefined;
    this.result = new Promise((resolve, reject) => (settle = { resolve, reject }));
    ({ resolve: this.#resolve, reject: this.#reject } = settle as NonNullable<typeof settle>);
    // whoever only looks at the events must not lose the process for it; `result` itself still rejects
    this.result.catch(() => undefined);
  }

  get events$(): Observable<RunRecord> {
    return new Observable((subscriber) => {
      this.#show();
      // goes on to what is recorded meanwhile, because of something the subscriber does
      for (const record of this.#past) subscriber.next(record);
      return this.#live.subscribe(subscriber);
    });
  }

  cancel(reason?: string): Promise<void> {
    return this.#ports.cancel(this.id, reason);
  }

  async history(): Promise<RunRecord[]> {
    return this.#records(await this.#ports.versions(this.id));
  }

  /** Takes in the next version of the run. The one with the end settles everything. */
  observe(snapshot: Snapshot<RunState>): void {
    this.#unseen.push(snapshot);
    this.#isOver = !isOpen(snapshot.state);
    if (this.#live.observed) this.#show();
    else if (this.#isOver) this.#live.complete();
    if (!this.#isOver) return;
    if (snapshot.state.status === "completed")
      this.#resolve(this.#ports.codec.decode(outputOf(snapshot.state)) as Output);
    else this.#reject(runError(this.id, snapshot.state));
  }

  /** The run can't go on. */
  break(error: unknown): void {
    this.#live.error(error);
    this.#reject(error);
  }

  /** A subscriber may cause the next version, by cancelling: that waits until this one is told to the end. */
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

/** The error that a run's result rejects with. */
function runError(run: string, state: RunState): TroupeError {
  const workflow = `${state.workflow.name}@${state.workflow.version}`;
  const why = state.cancelled === undefined ? `the step "${String(state.failed)}" failed` : "it was cancelled";
  const { uncompensated, failed } = state;
  if (uncompensated !== undefined) {
    const { error, cause } = causeOf(state, uncompensated);
    return new TroupeError(
      "compensation-failed",
      `run ${run} of ${workflow}: after ${why}, the step "${uncompensated}" could not be undone: ${error}. Steps that finished before it are not undone either.`,
      { cause, details: { run, step: uncompensated, ...(failed === undefined ? {} : { failed }) } },
    );
  }
  if (state.cancelled !== undefined) {
    const { reason } = state.cancelled;
    const because = reason === undefined ? "" : `: ${reason}`;
    return new TroupeError(
      "run-cancelled",
      `run ${run} of ${workflow} was cancelled${because}. What had finished is undone where its agent can.`,
      {
        details: { run, ...(reason === undefined ? {} : { reason }) },
      },
    );
  }
  const { error, cause } = causeOf(state, String(failed));
  return new TroupeError(
    "step-failed",
    `run ${run} of ${workflow}: the step "${String(failed)}" failed: ${error}. What had finished is undone where its agent can.`,
    {
      cause,
      details: { run, step: String(failed) },
    },
  );
}

function causeOf(state: RunState, step: string): { readonly error: string; readonly cause: unknown } {
  const encoded = state.steps[step]?.error;
  return encoded === undefined
    ? { error: "for an unknown reason", cause: undefined }
    : { error: encoded.message, cause: decodeError(encoded) };
}
