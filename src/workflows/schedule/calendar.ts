/** When a schedule is due: its times, as far as they can be told from what it says. */

import { type Cron, parseCron } from "./cron.ts";
import { day, TimeZone } from "./time-zone.ts";

/**
 * The times of a schedule as it keeps them, in milliseconds since the epoch.
 *
 * @since 0.1.0
 */
export type RecordedTimes =
  | { readonly cron: string; readonly timeZone: string }
  /** Every so many milliseconds after `from`. */
  | { readonly every: number; readonly from: number }
  /** Once. */
  | { readonly at: number };

/** How many days are looked through for the next time: the 29th of February may be eight years away. */
const farthest = 3_000;

/** The span in which the latest time is looked for first. */
const firstSpan = 60_000;

/** Keeps the time zones that it was asked about, as each takes a while to make. */
export class Calendar {
  readonly #zones = new Map<string, TimeZone>();

  /** @throws TroupeError `invalid-options` for a cron expression or a time zone that is none. */
  check(times: RecordedTimes): void {
    if (!("cron" in times)) return;
    void parseCron(times.cron);
    void this.#zone(times.timeZone);
  }

  /** The first time after an instant; Infinity for none. */
  next(times: RecordedTimes, after: number): number {
    if ("at" in times) return times.at > after ? times.at : Number.POSITIVE_INFINITY;
    if ("every" in times) {
      const { every, from } = times;
      return from + every * Math.max(1, Math.floor((after - from) / every) + 1);
    }
    return nextByCron(parseCron(times.cron), this.#zone(times.timeZone), after);
  }

  /** The last time after an instant and by another one; `undefined` for none. Takes no longer where there are more times. */
  latest(times: RecordedTimes, after: number, by: number): number | undefined {
    let found = this.next(times, after);
    if (found > by) return undefined;
    if ("at" in times) return found;
    if ("every" in times) return times.from + times.every * Math.floor((by - times.from) / times.every);
    for (let span = firstSpan; ; span *= 2) {
      const start = Math.max(after, by - span);
      for (let next = this.next(times, start); next <= by; next = this.next(times, next)) found = next;
      if (start === after || found > start) return found;
    }
  }

  #zone(name: string): TimeZone {
    let zone = this.#zones.get(name);
    if (zone === undefined) this.#zones.set(name, (zone = new TimeZone(name)));
    return zone;
  }
}

function nextByCron(cron: Cron, zone: TimeZone, after: number): number {
  const there = after + zone.offsetAt(after);
  const today = there - (((there % day) + day) % day);
  // from yesterday on, as a time that the clocks skipped then may be due today; and a time of the next day may come before the one found
  for (let midnight = today - day; midnight < today + farthest * day; midnight += day) {
    const found = firstOn(midnight, cron, zone, after);
    if (found < Number.POSITIVE_INFINITY) return Math.min(found, firstOn(midnight + day, cron, zone, after));
  }
  return Number.POSITIVE_INFINITY;
}

/** The first time of a day after an instant; Infinity for none. */
function firstOn(midnight: number, { minutes, hours, isDay }: Cron, zone: TimeZone, after: number): number {
  let first = Number.POSITIVE_INFINITY;
  if (!isDay(midnight)) return first;
  const [least, most] = zone.offsetsOn(midnight);
  const isHourly = hours.length === 24;
  for (const hour of hours)
    for (const minute of minutes) {
      const time = midnight + (hour * 60 + minute) * 60_000;
      if (time - least <= after) continue;
      if (least === most) return time - least;
      if (time - most > first) return first;
      // what is due in every hour stays so when the clocks are set: no hour is left out, and none has it twice
      for (const instant of isHourly ? zone.instantsOf(time) : [zone.instantOf(time)])
        if (instant > after) first = Math.min(first, instant);
    }
  return first;
}
