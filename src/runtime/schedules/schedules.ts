/** The schedules of a system, as its users see them. `schedule-keeper.ts` implements it. */

import type { WorkflowDefinition } from "../../workflows/definition/workflow-definition.ts";
import type { ScheduleOptions } from "../../workflows/schedule/schedule-options.ts";
import type { BackfillOptions, TriggerOptions } from "../../workflows/schedule/schedule-requests.ts";
import type { ScheduleView } from "../../workflows/schedule/schedule-view.ts";

/**
 * Runs that start by themselves: at times of a calendar, every so often, or once, later.
 *
 * A schedule is the key `schedule/<id>` of the store. With a journal on disk it goes on when the process does, unless the option `recover` says otherwise.
 *
 * Guarantees: of each time that is due, one thing is decided, and once (invariant 17): it has its run, or there is a reason why not. The
 * decision and the start of the run are one commit. It is made within a second of its time, or of the moment at which the system
 * stands again, also when the machine's clock is set.
 *
 * @since 0.1.0
 */
export interface Schedules {
  /**
   * Sets a schedule: makes it, or changes it to what is given. Setting it again as it is changes nothing, so a program may do so at each
   * start. New times count from now on; what was decided before stays so. The run of a time has the id `<id>@<time>`, such as
   * `nightly@2026-01-31T02:00:00Z`, and that of a schedule with one time the schedule's.
   *
   * `input` is what each run gets, and is kept in the store. Or it is a function that makes it of the time that was due: synchronous and pure. A
   * function isn't kept, so each process has to set the schedule, best in `setup`; until it has, the times wait.
   *
   * @throws TroupeError (as a rejection) `invalid-options`, `contract-violated` for an input that doesn't fit, `not-cloneable`,
   * `message-too-large`, `system-closed`.
   * @example
   * await system.schedules.set("nightly", report, { cron: "0 2 * * *", timeZone: "Europe/Lisbon" }, (at) => ({
   *   day: at.toISOString().slice(0, 10),
   * }));
   * await system.schedules.set("remind-17", reminder, { at: Date.now() + 3_600_000 }, { order: 17 });
   */
  set<Input, Output, Steps, Waits, Parts>(
    id: string,
    workflow: WorkflowDefinition<Input, Output, Steps, Waits, Parts>,
    options: ScheduleOptions,
    input: NoInfer<Input> | ((at: Date) => NoInfer<Input>),
  ): Promise<ScheduleView>;
  /**
   * A schedule as it stands.
   *
   * @throws TroupeError (as a rejection) `no-such-schedule`.
   */
  find(id: string): Promise<ScheduleView>;
  /**
   * All schedules as they stand, in the order of their ids.
   *
   * @example
   * for await (const { id, next } of system.schedules.list()) console.log(id, next && new Date(next));
   */
  list(): AsyncIterableIterator<ScheduleView>;
  /**
   * Pauses a schedule: times that come until {@link Schedules.resume} have no run. Does nothing to one that is paused.
   *
   * @throws TroupeError (as a rejection) `no-such-schedule`, `system-closed`.
   */
  pause(id: string, reason?: string): Promise<ScheduleView>;
  /**
   * Goes on with a schedule, from its next time on. Does nothing to one that isn't paused.
   *
   * @throws TroupeError (as a rejection) `no-such-schedule`, `system-closed`.
   */
  resume(id: string): Promise<ScheduleView>;
  /**
   * Has a schedule start a run now, also while it is paused; its times are as before. What was asked is recorded when this resolves, and is decided once, as a
   * time that is due: its run has the id `<id>#<time>`, which `requests` shows until then. A function that makes the input is given this time.
   *
   * @throws TroupeError (as a rejection) `invalid-options`, also while 100 requests wait; `no-such-schedule`, `system-closed`.
   * @example
   * const { requests } = await system.schedules.trigger("nightly", { overlap: "allow" });
   */
  trigger(id: string, options?: TriggerOptions): Promise<ScheduleView>;
  /**
   * Starts the missing runs of a past stretch, from the first to the last: each of its times that has no run gets one, under the id that it would have had. That holds
   * while the schedule is paused, too, and for times before it was set. What was asked is recorded when this resolves, and goes on across crashes; each time has its run once, however often it is asked for. Up to
   * 10,000 times.
   *
   * @throws TroupeError (as a rejection) `invalid-options`, also where the stretch has no time or too many, and while 100 requests wait;
   * `no-such-schedule`, `system-closed`.
   * @example
   * await system.schedules.backfill("nightly", { from: new Date("2026-01-01"), to: new Date("2026-02-01") });
   */
  backfill(id: string, options: BackfillOptions): Promise<ScheduleView>;
  /**
   * Removes a schedule. Its runs stay, and go on.
   *
   * @throws TroupeError (as a rejection) `no-such-schedule`, `system-closed`.
   */
  remove(id: string, reason?: string): Promise<void>;
}
