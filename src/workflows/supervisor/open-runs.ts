/** The runs that have not ended: in memory while something happens in them, and as a few numbers while they are parked. */

import type { Clock } from "../../ports/clock.ts";
import type { MaybePromise } from "../../async/maybe-promise.ts";
import { fromTimeOfDay } from "../../async/time-of-day.ts";
import type { Subject } from "../../store/client/change.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import type { WorkflowPlan } from "../coordination/workflow-plan.ts";
import type { RunState } from "../history/run-state.ts";
import { deadlineInForce } from "../history/run-progress.ts";
import { firstUntil, isParked } from "../history/run-waits.ts";
import { OpenRun } from "./open-run.ts";
import { overtaken } from "./supervisor-errors.ts";
import { withPlan } from "./with-plan.ts";

/** What is known of a parked run. The rest is in the store, however large the run is, and is read when something comes for it. */
export interface ParkedRun {
  readonly plan: WorkflowPlan;
  /** How many events it has had. */
  readonly length: number;
  /** See {@link OpenRun.deadline}. */
  readonly deadline: number | undefined;
  /** True for a run of an earlier process, whose recovery is to be recorded once it goes on. */
  readonly isLeft: boolean;
  /** How many participants had been lost when it was parked. */
  readonly losses: number;
}

export interface OpenRunsPorts {
  readonly clock: Clock;
  /** The newest version of a run. */
  newest(subject: Subject<RunState>): MaybePromise<Snapshot<RunState> | undefined>;
  /** How many participants have been lost so far. */
  losses(): number;
  /** The state of a run that was parked is read. Called in the run's turn, before anything else that happens in it. */
  woken(run: OpenRun, parked: ParkedRun): void;
  /** It can't be read. */
  onFailed(run: OpenRun, error: unknown): void;
}

/** What others may know of them. */
export type ReadonlyOpenRuns = Pick<OpenRuns, "size" | "ids" | "has" | "isParked" | "lengthOf">;

/** Owns which runs are open, and which of them are parked. A run is parked, or woken, between two turns of it. */
export class OpenRuns {
  readonly #ports: OpenRunsPorts;
  readonly #awake = new Map<string, OpenRun>();
  readonly #parked = new Map<string, ParkedRun>();

  constructor(ports: OpenRunsPorts) {
    this.#ports = ports;
  }

  has(id: string): boolean {
    return this.#awake.has(id) || this.#parked.has(id);
  }

  get size(): number {
    return this.#awake.size + this.#parked.size;
  }

  get ids(): readonly string[] {
    return [...this.#awake.keys(), ...this.#parked.keys()];
  }

  /** The runs that are not parked. */
  get awake(): readonly OpenRun[] {
    return [...this.#awake.values()];
  }

  isParked(id: string): boolean {
    return this.#parked.has(id);
  }

  /** How many events a run has had; `undefined` for one that is not open. */
  lengthOf(id: string): number | undefined {
    return this.#parked.get(id)?.length ?? this.#awake.get(id)?.state.length;
  }

  /** A run that is not parked. */
  get(id: string): OpenRun | undefined {
    return this.#awake.get(id);
  }

  /** Begins with a run. */
  open(id: string, plan: WorkflowPlan): OpenRun {
    return this.#open(id, plan, undefined);
  }

  /**
   * Begins with a run of an earlier process, if it is parked. Returns when it goes on by itself, in the clock's milliseconds, and Infinity
   * for never; `undefined` for a run that isn't parked.
   */
  openParked(id: string, plan: WorkflowPlan, stored: RunState): number | undefined {
    const state = withPlan(stored, plan);
    if (!isParked(state)) return undefined;
    const { clock, losses } = this.#ports;
    const deadline = state.deadline && fromTimeOfDay(clock, state.deadline);
    this.#parked.set(id, { plan, length: state.length, deadline, isLeft: true, losses: losses() });
    return Math.min(deadlineInForce(state, deadline), fromTimeOfDay(clock, firstUntil(state)));
  }

  /** A run in which something is about to happen: it is read in its next turn if it is parked. */
  wake(id: string): OpenRun | undefined {
    const parked = this.#parked.get(id);
    if (parked === undefined) return this.#awake.get(id);
    this.#parked.delete(id);
    return this.#open(id, parked.plan, parked);
  }

  close(run: OpenRun): void {
    if (this.#awake.get(run.id) === run) this.#awake.delete(run.id);
    run.close();
  }

  /** Drops all runs. */
  clear(): void {
    this.#parked.clear();
    for (const run of this.awake) this.close(run);
  }

  #open(id: string, plan: WorkflowPlan, parked: ParkedRun | undefined): OpenRun {
    const run: OpenRun = new OpenRun(id, plan, {
      clock: this.#ports.clock,
      onIdle: () => this.#park(run),
      ...(parked === undefined ? {} : { wake: () => this.#read(run, parked) }),
    });
    this.#awake.set(id, run);
    return run;
  }

  #read(run: OpenRun, parked: ParkedRun): MaybePromise<void> {
    const failed = (error: unknown): never => {
      this.#ports.onFailed(run, error);
      throw error;
    };
    const read = (newest: Snapshot<RunState> | undefined): void => {
      const found = newest?.state.length ?? 0;
      if (newest === undefined || found !== parked.length) return failed(overtaken(run.id, parked.length, found));
      run.state = withPlan(newest.state, run.plan);
      run.keepDeadline(parked.deadline);
      run.forgetTold();
      this.#ports.woken(run, parked);
    };
    let newest: MaybePromise<Snapshot<RunState> | undefined>;
    try {
      newest = this.#ports.newest(run.subject);
    } catch (error) {
      return failed(error);
    }
    return newest instanceof Promise ? newest.then(read, failed) : read(newest);
  }

  /** Nothing happens in the run at the moment. */
  #park(run: OpenRun): void {
    if (run.isClosed || run.isAsleep || !isParked(run.state)) return;
    const { id, plan, state, deadline, owed } = run;
    this.#parked.set(id, {
      plan,
      length: state.length,
      deadline,
      isLeft: owed === "run-recovered",
      losses: this.#ports.losses(),
    });
    this.close(run);
  }
}
