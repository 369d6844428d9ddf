/** A time zone: which time its clocks show at an instant, and at which instants they show a time. */

import { TroupeError } from "../../errors/troupe-error.ts";
import { shown } from "../../values/shown.ts";

export const day = 86_400_000;

/** How the clocks are set around a day: by how much they are ahead of UTC before an instant and from it on, which may be the same. */
interface Change {
  readonly before: number;
  readonly after: number;
  readonly at: number;
}

/** The days of which the changes are kept. */
const mostDays = 8;

/**
 * A time on the zone's clocks is a number as well: the instant at which clocks of UTC show the same, in milliseconds since the epoch.
 *
 * It takes for granted that a zone changes its offset no more than once in two days.
 */
export class TimeZone {
  readonly #format: Intl.DateTimeFormat;
  /** By midnight. Kept, since asking for an offset takes as long as thousands of comparisons. */
  readonly #changes = new Map<number, Change>();

  /** @throws TroupeError `invalid-options` for a zone that isn't in the time zone database of this Node.js. */
  constructor(name: string) {
    const numeric = "numeric";
    try {
      this.#format = new Intl.DateTimeFormat("en-US", {
        timeZone: name,
        hourCycle: "h23",
        ...{ year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric },
      });
    } catch (cause) {
      throw new TroupeError(
        "invalid-options",
        `there is no time zone ${shown(name)}: give a name such as "Europe/Lisbon", or "UTC"`,
        { cause, details: { path: "timeZone", received: name } },
      );
    }
  }

  /** How many milliseconds the zone's clocks are ahead of UTC at an instant. */
  offsetAt(instant: number): number {
    const second = Math.floor(instant / 1000) * 1000;
    const shownThere: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
    for (const { type, value } of this.#format.formatToParts(second)) shownThere[type] = Number(value);
    const { year = 0, month = 1, day: date = 1, hour = 0, minute = 0, second: s = 0 } = shownThere;
    return Date.UTC(year, month - 1, date, hour, minute, s) - second;
  }

  /** The least and the most that the zone's clocks are ahead of UTC on a day and around it; the day is given by the time of its midnight. */
  offsetsOn(midnight: number): readonly [least: number, most: number] {
    const { before, after } = this.#changeAround(midnight);
    return [Math.min(before, after), Math.max(before, after)];
  }

  /**
   * The instants at which the zone's clocks show a time, in order: one, two when they are set back over it, or none when they are set
   * forward over it.
   */
  instantsOf(time: number): readonly number[] {
    const { before, after, at } = this.#changeOf(time);
    return [...new Set([before, after])]
      .map((offset) => time - offset)
      .filter((instant) => instant + (instant < at ? before : after) === time)
      .sort((a, b) => a - b);
  }

  /**
   * The one instant that is meant by a time (RFC 5545, 3.3.5): the first if there are two. If there is none, the one by the offset before the
   * change, so that half past two comes an hour after half past one in any case.
   */
  instantOf(time: number): number {
    return this.instantsOf(time)[0] ?? time - this.#changeOf(time).before;
  }

  #changeOf(time: number): Change {
    return this.#changeAround(Math.floor(time / day) * day);
  }

  /** The change of the clocks from the day before to the day after. */
  #changeAround(midnight: number): Change {
    const known = this.#changes.get(midnight);
    if (known !== undefined) return known;
    const [before, after] = [this.offsetAt(midnight - day), this.offsetAt(midnight + 2 * day)];
    let [earlier, at] = [midnight - day, midnight + 2 * day];
    if (before === after) earlier = at;
    while (at - earlier > 1000) {
      const middle = Math.floor((earlier + at) / 2000) * 1000;
      if (this.offsetAt(middle) === before) earlier = middle;
      else at = middle;
    }
    if (this.#changes.size >= mostDays) this.#changes.clear();
    this.#changes.set(midnight, { before, after, at });
    return { before, after, at };
  }
}
