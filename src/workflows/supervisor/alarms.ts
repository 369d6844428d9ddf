/**
 * The alarms of open runs: one per run, set to the earliest time at which something is due in it; and what happens
 * then.
 */

import type { Clock } from "../../ports/clock.ts";
import { Alarm } from "../../async/alarm.ts";
import { chain, type MaybePromise } from "../../async/maybe-promise.ts";
import type { Dispatch } from "../coordination/dispatch.ts";
import type { DueWork, OpenRun } from "./open-run.ts";
import { orchestrateDue } from "../coordination/orchestrator.ts";
import { forwardDue } from "../coordination/relay.ts";
import type { RunEvent } from "../history/run-event.ts";

export interface AlarmsPorts {
  readonly clock: Clock;
  /** Records a due event if the run's history accepts it. Called in the run's turn. */
  record(run: OpenRun, event: RunEvent): MaybePromise<boolean>;
  send(run: OpenRun, dispatch: Dispatch): void;
}

/** Sets the alarms of runs and acts when one rings. When something is due is kept by the run. */
export class Alarms {
  readonly #ports: AlarmsPorts;

  constructor(ports: AlarmsPorts) {
    this.#ports = ports;
  }

  /**
   * Sets the alarm of a run anew. Call it whenever the run's state has changed, or a participant was told of due work.
   */
  arm(run: OpenRun): void {
    const next = run.isClosed ? Number.POSITIVE_INFINITY : run.nextDue;
    if (next !== Number.POSITIVE_INFINITY)
      run.alarm ??= new Alarm(this.#ports.clock, () => void run.unattended(() => this.#ring(run)));
    run.alarm?.set(next);
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
