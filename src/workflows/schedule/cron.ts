/** Cron expressions: which minutes of the calendar they name. */

import { TroupeError } from "../../errors/troupe-error.ts";
import { shown } from "../../values/shown.ts";

export interface Cron {
  /** In ascending order. */
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** True for a day, which is given as the midnight that begins it in UTC, in milliseconds since the epoch. */
  isDay(midnight: number): boolean;
}

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly words?: readonly string[];
}

const fields = [
  { name: "minute", least: 0, most: 59 },
  { name: "hour", least: 0, most: 23 },
  { name: "day of the month", least: 1, most: 31 },
  {
    name: "month",
    least: 1,
    most: 12,
    words: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
  },
  // 7 is Sunday as well as 0
  { name: "day of the week", least: 0, most: 7, words: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
] as const satisfies readonly Field[];

/** How long each month is at most. */
const longestMonths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/**
 * Reads the five fields of a cron expression: minute, hour, day of the month, month, day of the week. A field is `*`, a number, a range
 * `1-5`, either with a step `8-18/2`, or a list of these; months and days of the week may be names of three letters. Where
 * both days are given, and neither begins with `*`, a day that is one of them is meant.
 *
 * After crontab of POSIX.1-2017, with the ranges, steps and names of Vixie's cron.
 *
 * @throws TroupeError `invalid-options` that names the field; also for an expression that no day meets, such as the 30th of February.
 */
export function parseCron(text: string): Cron {
  const given = text.trim().split(/\s+/);
  if (given.length !== fields.length) {
    const [found] = given;
    const had = found === "" ? "none" : `${given.length}`;
    throw wrong(text, `expected 5 fields (minute, hour, day of the month, month, day of the week), found ${had}`);
  }
  const [minutes, hours, days, months, weekdays] = fields.map((field, i) => valuesOf(field, given[i] ?? "", text)) as [
    ReadonlySet<number>,
    ReadonlySet<number>,
    ReadonlySet<number>,
    ReadonlySet<number>,
    ReadonlySet<number>,
  ];
  const eitherDay = !isOpen(given[2]) && !isOpen(given[4]);
  const isMet = [...months].some((month) => [...days].some((day) => day <= (longestMonths[month - 1] ?? 0)));
  if (!isMet && !eitherDay) throw wrong(text, "no month that it names has such a day");
  return {
    minutes: [...minutes].sort((a, b) => a - b),
    hours: [...hours].sort((a, b) => a - b),
    isDay(midnight) {
      const date = new Date(midnight);
      if (!months.has(date.getUTCMonth() + 1)) return false;
      const isOfMonth = days.has(date.getUTCDate());
      const isOfWeek = weekdays.has(date.getUTCDay());
      return eitherDay ? isOfMonth || isOfWeek : isOfMonth && isOfWeek;
    },
  };
}

function isOpen(field: string | undefined): boolean {
  return field?.startsWith("*") === true;
}

function valuesOf(field: Field, given: string, text: string): ReadonlySet<number> {
  const values = new Set<number>();
  for (const part of given.split(",")) {
    const [, range = "", step = "1"] = /^([^/]+)(?:\/(\d+))?$/.exec(part) ?? [];
    const [from, to] = rangeOf(field, range, part.includes("/"));
    const every = Number(step);
    if (from === undefined || to === undefined || from > to || every < 1)
      throw wrong(
        text,
        `the ${field.name} is ${field.least} to ${field.most}, a range or a list of them, not ${shown(part)}`,
      );
    for (let value = from; value <= to; value += every) values.add(field.most === 7 ? value % 7 : value);
  }
  return values;
}

function rangeOf(field: Field, range: string, hasStep: boolean): readonly (number | undefined)[] {
  if (range === "*") return [field.least, field.most === 7 ? 6 : field.most];
  const [first = "", last, ...others] = range.split("-");
  if (others.length > 0) return [];
  const from = numberOf(field, first);
  // as elsewhere, 5/15 begins at 5 and goes on to the end
  const to = last === undefined ? (hasStep ? field.most : from) : numberOf(field, last);
  return [from, to];
}

function numberOf({ least, most, words }: Field, text: string): number | undefined {
  const word = words?.indexOf(text.toLowerCase()) ?? -1;
  const value = word >= 0 ? word + least : /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : undefined;
}

function wrong(cron: string, problem: string): TroupeError {
  return new TroupeError("invalid-options", `the cron expression ${shown(cron)} can't be read: ${problem}`, {
    details: { path: "cron", received: cron },
  });
}
