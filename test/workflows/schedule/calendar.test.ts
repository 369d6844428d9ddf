/** When schedules are due: against an oracle that looks at every minute, across changes of clocks; and what is no cron expression. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Calendar } from "../../../src/workflows/schedule/calendar.ts";
import { parseCron } from "../../../src/workflows/schedule/cron.ts";

const calendar = new Calendar();
const minute = 60_000;
const day = 1_440 * minute;
/** Enough to come past a change of clocks, where every minute is meant. */
const mostTimes = 300;

/** The first few times after an instant. */
function times(cron: string, timeZone: string, after: string, count: number): string[] {
  const found: string[] = [];
  let at = Date.parse(after);
  for (let n = 0; n < count; n++) {
    at = calendar.next({ cron, timeZone }, at);
    found.push(at === Number.POSITIVE_INFINITY ? "never" : new Date(at).toISOString().slice(0, 16));
  }
  return found;
}

/** What the clocks of a zone show at each minute of a span, as instants of UTC; it ends a minute before `to`. */
function shownIn(timeZone: string, from: number, to: number): number[] {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
  return Array.from({ length: (to - from) / minute }, (_, n) =>
    Date.parse(`${format.format(from + n * minute).replace(" ", "T")}Z`),
  );
}

/** All times in a span, found without any arithmetic of zones: each minute of the world is looked at, and each minute of the clocks. */
function oracle(cron: string, timeZone: string, from: number, to: number): number[] {
  const { minutes, hours, isDay } = parseCron(cron);
  const isMeant = (time: number): boolean => {
    const date = new Date(time);
    return minutes.includes(date.getUTCMinutes()) && hours.includes(date.getUTCHours()) && isDay(time - (time % day));
  };
  const due = new Set<number>();
  const seen = new Set<number>();
  const start = from - (from % minute) - day;
  const [first = 0, ...shown] = shownIn(timeZone, start - minute, to + day);
  let before = first;
  for (const [n, there] of shown.entries()) {
    const at = start + n * minute;
    // over these the clocks were set forward: each is meant as long after the minute before as if they had not been
    for (let gone = before + minute; gone < there; gone += minute)
      if (isMeant(gone) && hours.length < 24) due.add(at + (gone - before - minute));
    if (isMeant(there) && (hours.length === 24 || !seen.has(there))) due.add(at);
    seen.add(there);
    before = there;
  }
  return [...due].filter((at) => at > from && at <= to).sort((a, b) => a - b);
}

/** Changes of clocks: by an hour, by half of one, at midnight, over a whole day, and a zone without any. */
const changes = [
  ["Europe/Lisbon", "2026-03-29T01:00Z"],
  ["Europe/Lisbon", "2026-10-25T01:00Z"],
  ["America/New_York", "2026-03-08T07:00Z"],
  ["America/New_York", "2026-11-01T06:00Z"],
  ["Australia/Lord_Howe", "2026-04-04T15:00Z"],
  ["Australia/Lord_Howe", "2026-10-03T15:30Z"],
  ["Africa/Cairo", "2026-04-23T22:00Z"],
  ["America/Santiago", "2026-09-06T04:00Z"],
  ["Pacific/Apia", "2011-12-30T10:00Z"],
  ["Asia/Kathmandu", "2026-01-01T00:00Z"],
] as const;

const field = (least: number, most: number): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant("*") },
    { weight: 3, arbitrary: fc.integer({ min: least, max: most }).map(String) },
    fc.integer({ min: 1, max: 20 }).map((step) => `*/${step}`),
    fc
      .tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }))
      .map((ends) => ends.sort((a, b) => a - b).join("-")),
  );

const crons = fc
  .tuple(
    field(0, 59),
    field(0, 23),
    fc.constantFrom("*", "*", "*/2", "1-31"),
    fc.constant("*"),
    fc.constantFrom("*", "*", "0", "sun,sat"),
  )
  .map((fields) => fields.join(" "));

describe("times by cron expressions", () => {
  it("are those that an oracle finds which looks at every minute, around changes of clocks", () => {
    fc.assert(
      fc.property(
        crons,
        fc.constantFrom(...changes),
        fc.integer({ min: 0, max: day / 6 }),
        (cron, [zone, change], lead) => {
          const from = Date.parse(change) - lead;
          const expected = oracle(cron, zone, from, from + day).slice(0, mostTimes);
          const found: number[] = [];
          let at = from;
          while (found.length < expected.length) found.push((at = calendar.next({ cron, timeZone: zone }, at)));
          expect(found).toEqual(expected);
          const to = expected.length === mostTimes ? at : from + day;
          expect(calendar.latest({ cron, timeZone: zone }, from, to)).toBe(expected.at(-1));
          if (expected.length < mostTimes) expect(calendar.next({ cron, timeZone: zone }, at)).toBeGreaterThan(to);
        },
      ),
      { numRuns: 60, endOnFailure: true },
    );
  }, 120_000);

  it("are once a night when the clocks are set", () => {
    const nightly = (after: string, count: number): string[] => times("30 1 * * *", "Europe/Lisbon", after, count);
    // 01:30 doesn't exist on the 29th of March, and comes twice on the 25th of October
    expect(nightly("2026-03-28T00:00Z", 3)).toEqual(["2026-03-28T01:30", "2026-03-29T01:30", "2026-03-30T00:30"]);
    expect(nightly("2026-10-24T00:00Z", 3)).toEqual(["2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30"]);
  });

  it("are in every hour that passes, if they are in every hour", () => {
    expect(times("0 * * * *", "Europe/Lisbon", "2026-10-24T23:30Z", 3)).toEqual([
      "2026-10-25T00:00",
      "2026-10-25T01:00",
      "2026-10-25T02:00",
    ]);
  });

  it("may be years away", () => {
    expect(times("0 0 29 2 *", "UTC", "2096-03-01T00:00Z", 1)).toEqual(["2104-02-29T00:00"]);
    expect(times("0 12 1 1 *", "Asia/Tokyo", "2026-01-02T00:00Z", 1)).toEqual(["2027-01-01T03:00"]);
  });

  it("are on either day where both are given", () => {
    expect(times("0 0 13 * fri", "UTC", "2026-03-01T00:00Z", 4)).toEqual([
      "2026-03-06T00:00",
      "2026-03-13T00:00",
      "2026-03-20T00:00",
      "2026-03-27T00:00",
    ]);
    expect(times("0 0 13 * 7", "UTC", "2026-03-01T00:00Z", 2)).toEqual(["2026-03-08T00:00", "2026-03-13T00:00"]);
  });

  it("go on from 5/20 to the end of the hour", () => {
    expect(times("5/20 3 * * *", "UTC", "2026-03-01T00:00Z", 3)).toEqual([
      "2026-03-01T03:05",
      "2026-03-01T03:25",
      "2026-03-01T03:45",
    ]);
  });

  it.each([
    ["", "found none"],
    ["* * * *", "found 4"],
    ["0 0 2 * * *", "found 6"],
    ["60 * * * *", 'the minute is 0 to 59, a range or a list of them, not "60"'],
    ["* 5-3 * * *", "the hour"],
    ["* * 0 * *", "the day of the month"],
    ["* * * foo *", "the month"],
    ["* * * * 8", "the day of the week"],
    ["*/0 * * * *", "the minute"],
    ["1,, * * * *", "the minute"],
    ["1-2-3 * * * *", "the minute"],
    ["0 0 30 2 *", "no month that it names has such a day"],
    ["0 0 31 4,jun,9 *", "no month that it names has such a day"],
  ])("can't be read from %j", (cron, problem) => {
    expect(() => parseCron(cron)).toThrow(problem);
    expect(() => calendar.check({ cron, timeZone: "UTC" })).toThrow(
      expect.objectContaining({ code: "invalid-options" }),
    );
  });

  it("can't be told in a zone that there isn't", () => {
    expect(() => calendar.check({ cron: "* * * * *", timeZone: "Europe/Lisboa" })).toThrow('"Europe/Lisboa"');
  });
});

describe("times that come every so often", () => {
  it("are those of a fold, and the latest is the last of them", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: -100, max: 100 }),
        fc.integer({ min: -300, max: 300 }),
        fc.integer({ min: 0, max: 300 }),
        (every, from, after, span) => {
          const due = Array.from({ length: 1_000 }, (_, k) => from + (k + 1) * every).filter((at) => at > after);
          expect(calendar.next({ every, from }, after)).toBe(due[0]);
          const latest = due.filter((at) => at <= after + span).at(-1);
          expect(calendar.latest({ every, from }, after, after + span)).toBe(latest);
        },
      ),
    );
  });

  it("are there once, where there is one", () => {
    expect(calendar.next({ at: 10 }, 9)).toBe(10);
    expect(calendar.next({ at: 10 }, 10)).toBe(Number.POSITIVE_INFINITY);
    expect(calendar.latest({ at: 10 }, 9, 11)).toBe(10);
    expect(calendar.latest({ at: 10 }, 9, 9.5)).toBeUndefined();
  });
});
