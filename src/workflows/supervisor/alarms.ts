/** When something is due in open runs, and what happens then. One timer serves them all, however many wait. */

import type { Clock } from "../../ports/clock.ts";
import { Alarm } from "../../async/alarm.ts";
import { DueTimes } from "../../async/due-times.ts";
import { chain, type MaybePromise } from "../../async/maybe-promise.ts";
import type { Terms } from "../coordination/conclude.ts";
import type { Dispatch } from "../coordination/dispatch.ts";
import type { DueWork, OpenRun } from "./open-run.ts";
import { orchestrateDue } from "../coordination/orchestrator.ts";
import { forwardDue } from "../coordination/relay.ts";
import { expire } from "../coordination/openings.ts";
import type { RunEvent } from "../history/run-event.ts";

export interface AlarmsPorts {
  readonly clock: Clock;
  readonly terms: Pick<Terms, "codec">;
  /** An open run. */
  run(id: string): OpenRun | undefined;
  /** Records a due event if the run's history accepts it. Called in the run's turn. */
  record(run: OpenRun, event: RunEvent): MaybePromise<boolean>;
  send(run: OpenRun, dispatch: Dispatch): void;
}

/** Owns the times at which runs are to be looked at, also of those that are parked, and acts when one has come. The run knows what is due then. */
export class Alarms {
  readonly #ports: AlarmsPorts;
  readonly #due = new DueTimes<string>();
  readonly #alarm: Alarm;
  #isStopped = false;

  constructor(ports: AlarmsPorts) {
    this.#ports = ports;
    this.#alarm = new Alarm(ports.clock, () => this.#wake());
  }

  /**
   * Sets the time of a run anew. Call it whenever the run's state has changed, or a participant was told of due work.
   */
  arm(run: OpenRun): void {
    this.set(run.id, run.isClosed ? Number.POSITIVE_INFINITY : run.nextDue);
  }

  /** Sets the time of a run, in the clock's milliseconds. */
  set(id: string, next: number): void {
    if (this.#isStopped || (next === Number.POSITIVE_INFINITY && this.#due.size === 0)) return;
    const before = this.#due.next;
    this.#due.set(id, next);
    if (this.#due.next !== before) this.#alarm.set(this.#due.next);
  }

  /** No alarm rings from now on. */
  stop(): void {
    this.#isStopped = true;
    this.#alarm.set(Number.POSITIVE_INFINITY);
  }

  #wake(): void {
    const due = this.#due.take(this.#ports.clock.now());
    this.#alarm.set(this.#due.next);
    for (const id of due) {
      const run = this.#ports.run(id);
      void run?.unattended(() => this.#ring(run));
    }
  }

  #ring(run: OpenRun): MaybePromise<unknown> {
    let done: MaybePromise<unknown> = undefined;
    for (const due of run.due(this.#ports.clock.now())) done = chain(done, () => this.#meet(run, due));
    return chain(done, () => this.arm(run));
  }

  #meet(run: OpenRun, due: DueWork): MaybePromise<unknown> {
    const { record } = this.#ports;
    if (due.kind === "deadline")
      return record(run, { type: "cancel-requested", reason: "its deadline passed", isExpired: true });
    if (due.kind === "start") return record(run, { type: "run-released" });
    if (due.kind === "wait") {
      const end = expire(run.plan, run.state, due.step, this.#ports.terms);
      return end && record(run, end);
    }
    return this.#tryAgain(run, due.step);
  }

  /**
   * Under the orchestrator, starts the next attempt; under the relay, tells the step's participant that it may claim
   * it.
   */
  #tryAgain(run: OpenRun, step: string): MaybePromise<unknown> {
    const { record, send } = this.#ports;
    if (run.state.coordination === "orchestrator") {
      const claim = orchestrateDue(run.state, step);
      return claim && record(run, claim);
    }
    const { id, plan, state } = run;
    run.tell(step);
    for (const dispatch of forwardDue({ run: id, plan, state }, step)) send(run, dispatch);
    return undefined;
  }
}
