/** What is asked of a schedule besides its times: a run now, and those of a stretch of time that has passed. */

import * as v from "valibot";
import { checkOptions, invalidOptions } from "../../contracts/check-options.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { Calendar } from "./calendar.ts";
import { day } from "./time-zone.ts";
import { momentSchema, timeText } from "./moment.ts";
import type { Overlap, ScheduleRequest, ScheduleState } from "./schedule-state.ts";

/**
 * How a run is started now.
 *
 * @since 0.1.0
 */
export interface TriggerOptions {
  /** What becomes of it while an earlier run goes on. Default: what the schedule says. */
  readonly overlap?: Overlap;
}

/**
 * The stretch of time whose times are to have their runs.
 *
 * @since 0.1.0
 */
export interface BackfillOptions {
  /** Its first moment: a date, or milliseconds since the epoch. */
  readonly from: Date | number;
  /** Its last moment. Times that are still to come are left to the schedule. */
  readonly to: Date | number;
  /** `"queue"`: one run after another. `"allow"`: all as soon as there is room. Default `"queue"`. */
  readonly overlap?: "queue" | "allow";
}

/** So many requests may wait, so that the schedule's state stays small. */
const mostRequests = 100;
/** So many times a stretch may have. */
const mostTimes = 10_000;

const triggerSchema = v.strictObject({ overlap: v.optional(v.picklist(["skip", "queue", "allow", "cancel"])) });
const backfillSchema = v.strictObject({
  from: momentSchema,
  to: momentSchema,
  overlap: v.optional(v.picklist(["queue", "allow"])),
});

/** The request for a run now. Two in one millisecond are told apart by the next one. @throws TroupeError `invalid-options` */
export function triggerOf(id: string, state: ScheduleState, now: number, options: TriggerOptions): ScheduleRequest {
  checkOptions("schedules.trigger", triggerSchema, options);
  const at = Math.max(Math.floor(now), (state.triggered ?? 0) + 1);
  const { overlap } = options;
  return { kind: "trigger", at, run: `${id}#${timeText(at)}`, ...(overlap === undefined ? {} : { overlap }) };
}

/** The request for the runs of a stretch of time. @throws TroupeError `invalid-options` where there is no time in it, or too many. */
export function backfillOf(
  { times }: ScheduleState,
  now: number,
  calendar: Calendar,
  options: BackfillOptions,
): ScheduleRequest {
  const where = "schedules.backfill";
  checkOptions(where, backfillSchema, options);
  const { overlap = "queue" } = options;
  const [start, to] = [Number(options.from), Math.min(now, Number(options.to))];
  let from = calendar.next(times, start - day);
  while (from < start) from = calendar.next(times, calendar.latest(times, from, start - 1) ?? from);
  if (from > to) {
    const stretch = `from ${timeText(start)} to ${timeText(Number(options.to))}`;
    throw invalidOptions(where, "from", {
      message: `no time of the schedule that has passed lies ${stretch}`,
      expected: "a stretch with a time that has passed",
      received: stretch,
    });
  }
  let [count, last] = [1, from];
  for (let next = calendar.next(times, last); next <= to; next = calendar.next(times, last)) {
    last = next;
    if (++count > mostTimes)
      throw invalidOptions(where, "to", {
        message: `more than ${mostTimes} times lie in the stretch; the last of them that may be is ${timeText(last)}`,
        expected: `at most ${mostTimes} times`,
        received: "more",
      });
  }
  return { kind: "backfill", from, to: last, overlap, times };
}

/** The state with a request more. @throws TroupeError `invalid-options` while too many wait. */
export function withRequest(state: ScheduleState, request: ScheduleRequest): ScheduleState {
  const { requests = [] } = state;
  if (requests.length >= mostRequests)
    throw new TroupeError(
      "invalid-options",
      `schedules: ${mostRequests} requests of the schedule wait already, as many as may`,
    );
  const triggered = request.kind === "trigger" ? { triggered: request.at } : {};
  return { ...state, ...triggered, requests: [...requests, request] };
}

/** The state once it is decided what becomes of a time that was asked for. */
export function withoutTime(
  state: ScheduleState,
  by: ScheduleRequest["kind"],
  at: number,
  calendar: Calendar,
): ScheduleState {
  const { requests = [], ...rest } = state;
  const done = requests.findIndex((one) => one.kind === by && (one.kind === "trigger" ? one.at : one.from) === at);
  const left = requests.flatMap((one, n) => (n === done ? after(one, calendar) : [one]));
  return left.length === 0 ? rest : { ...rest, requests: left };
}

/** What is left of a request after its first time. */
function after(request: ScheduleRequest, calendar: Calendar): readonly ScheduleRequest[] {
  if (request.kind === "trigger") return [];
  const from = calendar.next(request.times, request.from);
  return from > request.to ? [] : [{ ...request, from }];
}
