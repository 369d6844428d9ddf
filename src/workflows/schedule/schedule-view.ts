/** A schedule as it stands, for readers. */

import type { Calendar, RecordedTimes } from "./calendar.ts";
import type { QueueChoice } from "../queue/joining.ts";
import type { CatchUp, Overlap, ScheduleDecision, ScheduleRequest, ScheduleState } from "./schedule-state.ts";

/**
 * A schedule as it stands. Times are in milliseconds since the epoch.
 *
 * @since 0.1.0
 */
export interface ScheduleView {
  readonly id: string;
  /** Name and version of the workflow that it runs. */
  readonly workflow: string;
  readonly times:
    | { readonly cron: string; readonly timeZone: string }
    | { readonly every: number; readonly from: number }
    | { readonly at: number };
  readonly overlap: Overlap;
  readonly catchUp: CatchUp;
  readonly tenant?: string;
  readonly timeout?: number;
  readonly queue?: QueueChoice;
  /** True where a function gives the input of each run: only a process that has set the schedule starts runs of it. */
  readonly isMapped: boolean;
  /** The next time that is due; absent while it is paused, and when there is none any more. */
  readonly next?: number;
  /** What was decided last. */
  readonly last?: ScheduleDecision;
  /** The last run that was started. */
  readonly run?: string;
  /** Present while it is paused. */
  readonly paused?: { readonly since: number; readonly reason?: string };
  /** What was asked for by `trigger` and `backfill` and is not decided yet; absent where there is nothing. */
  readonly requests?: readonly ScheduleRequest[];
}

export function viewOfSchedule(id: string, state: ScheduleState, calendar: Calendar): ScheduleView {
  const { workflow, times, overlap, catchUp, tenant, timeout, queue, decided, last, run, paused, requests } = state;
  const next = paused === undefined ? calendar.next(times satisfies RecordedTimes, decided) : Number.POSITIVE_INFINITY;
  return {
    id,
    workflow: `${workflow.name}@${workflow.version}`,
    times,
    overlap,
    catchUp,
    isMapped: state.input === undefined,
    ...(tenant === undefined ? {} : { tenant }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(queue === undefined ? {} : { queue }),
    ...(next === Number.POSITIVE_INFINITY ? {} : { next }),
    ...(last === undefined ? {} : { last }),
    ...(run === undefined ? {} : { run }),
    ...(paused === undefined ? {} : { paused }),
    ...(requests === undefined ? {} : { requests }),
  };
}
