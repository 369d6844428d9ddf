/** A run in some cell, as any process may look at it. */

import { Observable } from "rxjs";
import type { PayloadCodec } from "../../../contracts/payload-codec.ts";
import { type Deferred, deferred } from "../../../async/deferred.ts";
import { TroupeError } from "../../../errors/troupe-error.ts";
import type { Snapshot } from "../../../store/versions/snapshot.ts";
import type { WorkflowId } from "../../../workflows/definition/workflow-definition.ts";
import type { RunRecord } from "../../../workflows/history/run-history.ts";
import { outputOf } from "../../../workflows/history/run-note.ts";
import { isOpen, type RunState } from "../../../workflows/history/run-state.ts";
import type { RunView } from "../../../workflows/history/run-view.ts";
import type { Run } from "../../../workflows/run.ts";
import { runError } from "../../../workflows/run-error.ts";
import { RunHandle, type RunHandlePorts } from "../../../workflows/run-handle.ts";
import type { RunFollower, RunWatch } from "./run-watch.ts";
import type { RunPlace, Submissions } from "./submissions.ts";

/**
 * A run that was submitted to a cell, or found there. It is read from the database, whichever process goes on with it, so what it tells comes
 * up to 200 ms later. What only the cell's system can do isn't there: to answer, cancel or undo a run, ask its system, in the process that
 * has the cell.
 *
 * @since 0.1.0
 */
export interface CellRun<Output = unknown, Steps = unknown> extends Pick<
  Run<Output, never, Steps>,
  "id" | "events$" | "result" | "history" | "pending" | "why" | "trace"
> {
  /** The number of the cell that it is in. */
  readonly cell: number;
  /** The run as it stands; `new` before its cell's owner has started it. */
  view(): Promise<RunView<Steps>>;
}

export interface CellRunPorts {
  readonly submissions: Submissions;
  readonly watch: RunWatch;
  readonly codec: PayloadCodec;
}

export class FollowedRun implements CellRun, RunFollower {
  readonly id: string;
  readonly cell: number;
  readonly #handle: RunHandle;
  readonly #ports: CellRunPorts;
  readonly #result: Deferred<unknown> = deferred();
  seen = 0;
  wantsAll = false;
  #isFollowed = false;
  /** The last version, or the error, once nothing follows. */
  #end: { readonly error?: unknown } | undefined;

  constructor({ cell, run }: RunPlace, workflow: WorkflowId, ports: CellRunPorts) {
    this.id = run;
    this.cell = cell;
    this.#ports = ports;
    this.#handle = new RunHandle(run, workflow, handlePorts({ cell, run }, ports));
    this.#result.promise.catch(() => undefined); // the caller's own promise rejects all the same
  }

  get run(): string {
    return this.id;
  }

  get result(): Promise<unknown> {
    this.#follow();
    return this.#result.promise;
  }

  get events$(): Observable<RunRecord> {
    return new Observable((subscriber) => {
      if (!this.wantsAll) {
        this.wantsAll = true;
        this.seen = 0; // those that only the result was taken from are read as well
        this.#isFollowed = false;
        this.#follow();
      }
      return this.#handle.events$.subscribe(subscriber);
    });
  }

  history(): Promise<RunRecord[]> {
    return this.#handle.history();
  }

  view(): Promise<RunView> {
    return this.#handle.view();
  }

  pending(): ReturnType<Run["pending"]> {
    return this.#handle.pending();
  }

  why(step: string): Promise<string> {
    return this.#handle.why(step);
  }

  trace(...given: Parameters<Run["trace"]>): ReturnType<Run["trace"]> {
    return this.#handle.trace(...given);
  }

  observe(versions: readonly Snapshot<RunState>[]): boolean {
    const last = versions.at(-1);
    if (last === undefined) return true;
    this.seen = last.version;
    if (this.wantsAll) for (const version of versions) this.#handle.observe(version, version !== last);
    const { state } = last;
    if (isOpen(state)) return true;
    this.#end = {};
    if (state.status === "completed") this.#result.resolve(this.#ports.codec.decode(outputOf(state)));
    else this.#result.reject(runError(this.id, state));
    return false;
  }

  break(error: unknown): void {
    this.#end = { error };
    this.#result.reject(error);
    this.#handle.break(error);
  }

  #follow(): void {
    if (this.#isFollowed || (this.#end !== undefined && "error" in this.#end)) return;
    this.#isFollowed = true;
    this.#ports.watch.follow(this);
  }
}

function handlePorts(place: RunPlace, { submissions, codec }: CellRunPorts): RunHandlePorts {
  const refuse = async (): Promise<never> => {
    throw new TroupeError(
      "foreign-ref",
      `the run ${place.run} is in cell ${place.cell}. What changes it is for the system of that cell, in the process that has it.`,
      { details: { actor: `run/${place.run}` } },
    );
  };
  return {
    codec,
    cancel: refuse,
    tell: refuse,
    listen: () => undefined,
    retryCompensation: refuse,
    undo: refuse,
    resolve: refuse,
    newest: async () => (await submissions.newest([place]))[0],
    versions: () => submissions.versions(place),
    at: async () => {
      throw new TroupeError("invalid-options", "view: a run of a cell is shown as it stands");
    },
  };
}
