/** What a schedule may be told, and the check of what was given. */

import { isDeepStrictEqual } from "node:util";
import * as v from "valibot";
import { checkOptions, invalidOptions } from "../../contracts/check-options.ts";
import { tenantSchema } from "../../contracts/tenant.ts";
import { type QueueChoice, queueChoiceSchema } from "../queue/joining.ts";
import type { RecordedTimes } from "./calendar.ts";
import { lastDate, momentSchema } from "./moment.ts";
import type { CatchUp, Overlap, ScheduleState } from "./schedule-state.ts";

/**
 * When a schedule is due: by a cron expression, every so many milliseconds, or once.
 *
 * @since 0.1.0
 */
export type ScheduleTimes =
  | {
      /**
       * Minute, hour, day of the month, month, day of the week, as in crontab: `"0 2 * * 1-5"` is two o'clock in the morning on workdays. A field is
       * `*`, a number, a range, either with a step, or a list of these; months and days may be named `jan`, `sun`. Of two days, either will do.
       */
      readonly cron: string;
      /**
       * The zone whose clocks count, such as `"Europe/Lisbon"`. A time over which its clocks are set forward comes as long after the one
       * before as ever, and one that they show twice is due the first time; what is due in every hour is due in each that passes. Default `"UTC"`.
       */
      readonly timeZone?: string;
      readonly every?: never;
      readonly from?: never;
      readonly at?: never;
    }
  | {
      /** Milliseconds from one time to the next, by the time of day: 1 at least. */
      readonly every: number;
      /** The time from which they count: the first is `every` later. Default: when the schedule was first set. */
      readonly from?: Date | number;
      readonly cron?: never;
      readonly timeZone?: never;
      readonly at?: never;
    }
  | {
      /** The one time; one that has passed is due at once. */
      readonly at: Date | number;
      readonly cron?: never;
      readonly timeZone?: never;
      readonly every?: never;
      readonly from?: never;
    };

/**
 * What a schedule is told besides its workflow and the input.
 *
 * @since 0.1.0
 */
export type ScheduleOptions = ScheduleTimes & {
  /** What becomes of a time at which an earlier run still goes on. Default `"skip"`. */
  readonly overlap?: Overlap;
  /** What becomes of times that no process met. Default `"latest"`. */
  readonly catchUp?: CatchUp;
  /** The tenant that its runs are for. Default: none. */
  readonly tenant?: string;
  /** Milliseconds after which a run of it is cancelled. Default: never. */
  readonly timeout?: number;
  /** The queue in which its runs wait for their place, as of `system.run`. One that is full has the time wait. Default: none. */
  readonly queue?: QueueChoice;
};

const schema = v.strictObject({
  cron: v.optional(v.string()),
  timeZone: v.optional(v.string()),
  every: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(lastDate))),
  from: v.optional(momentSchema),
  at: v.optional(momentSchema),
  overlap: v.optional(v.picklist(["skip", "queue", "allow", "cancel"])),
  catchUp: v.optional(v.picklist(["latest", "all", "none"])),
  tenant: v.optional(tenantSchema),
  timeout: v.optional(v.pipe(v.number(), v.finite(), v.gtValue(0))),
  queue: v.optional(queueChoiceSchema),
});

/** Which options go with each of those that say when. */
const partners = { cron: "timeZone", every: "from", at: undefined } as const;

/** @throws TroupeError `invalid-options` that names the option, what was expected and what was given. */
export function checkScheduleOptions(options: ScheduleOptions): void {
  const where = "schedules.set";
  checkOptions(where, schema, options);
  const ways = (["cron", "every", "at"] as const).filter((way) => options[way] !== undefined);
  const [way] = ways;
  if (way === undefined || ways.length > 1) {
    const received = ways.length === 0 ? "none of them" : ways.join(" and ");
    const expected = "one of cron, every and at";
    throw invalidOptions(where, "options", {
      message: `expected ${expected}, received ${received}`,
      expected,
      received,
    });
  }
  for (const [other, partner] of Object.entries(partners))
    if (other !== way && partner !== undefined && options[partner] !== undefined)
      throw invalidOptions(where, partner, {
        message: `it goes with ${other}, and this schedule has ${way}`,
        expected: `no ${partner}`,
        received: partner,
      });
}

/** The times of a schedule that is set at `now`; `before` has those that it had. */
export function timesOf(options: ScheduleTimes, now: number, before: RecordedTimes | undefined): RecordedTimes {
  if (options.cron !== undefined) return { cron: options.cron.trim(), timeZone: options.timeZone ?? "UTC" };
  if (options.at !== undefined) return { at: toTime(options.at) };
  const { every, from } = options;
  if (from !== undefined) return { every, from: toTime(from) };
  return before !== undefined && "every" in before && before.every === every
    ? before
    : { every, from: Math.floor(now) };
}

/** The state of a schedule that is set at `now`; `before` is the one that it had. What was asked of it stays. */
export function stateOf(
  workflow: ScheduleState["workflow"],
  options: ScheduleOptions,
  input: ScheduleState["input"],
  now: number,
  before: ScheduleState | undefined,
): ScheduleState {
  const times = timesOf(options, now, before?.times);
  const { overlap = "skip", catchUp = "latest", tenant, timeout, queue } = options;
  const { decided, last, run, paused, requests, triggered } = before ?? {};
  const isSame = before !== undefined && isDeepStrictEqual(times, before.times);
  const rest = { input, tenant, timeout, queue, last, run, paused, requests, triggered };
  return {
    workflow,
    times,
    overlap,
    catchUp,
    ...(Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as Pick<
      ScheduleState,
      keyof typeof rest
    >),
    decided: isSame && decided !== undefined ? decided : "at" in times ? Math.min(now, times.at - 1) : now,
  };
}

function toTime(given: Date | number): number {
  return Math.floor(Number(given));
}
