/** What a system's log lets through: how grave, how many, and whatever its logger does. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TroupeError } from "../../../src/index.ts";
import { linesPerPeriod, LogLimit, period } from "../../../src/runtime/telemetry/log-limit.ts";
import { lineLogger } from "../../../src/runtime/telemetry/line-logger.ts";
import { type Logger, type LogLevel, logLevels } from "../../../src/runtime/telemetry/logger.ts";
import { SystemLog } from "../../../src/runtime/telemetry/system-log.ts";
import type { SystemEvent } from "../../../src/runtime/telemetry/system-events.ts";
import { FakeClock } from "../../fixtures/fake-clock.ts";

const workflow = { module: "test:log", name: "sale", version: "1.0.0" };
const failed = (id: string, isAttended = false) => ({ id, workflow, error: new Error(`${id} failed`), isAttended });
const opened: SystemEvent = { type: "thread-opened", time: 0, thread: 1 };
const recovered: SystemEvent = { type: "run-recovered", time: 0, run: "r" };
const letter = { reason: "no-such-actor", to: "1/x", from: undefined, type: "add", payload: 1 } as const;

class Sink {
  readonly lines: string[] = [];
  readonly logger: Logger;

  constructor(write: (line: string) => void = (line) => this.lines.push(line)) {
    this.logger = lineLogger("text", { now: () => 5, jumped: () => 0 }, write);
  }
}

function logOf(level: LogLevel, clock = new FakeClock()) {
  const sink = new Sink();
  return { lines: sink.lines, clock, log: new SystemLog(clock, { level, to: sink.logger, fallback: sink.logger }) };
}

describe("what is logged", () => {
  it.each([
    ["error", ["troupe error run-failed: a failed"]],
    [
      "warn",
      [
        "troupe error run-failed: a failed",
        'troupe warn dead-letter: the message "add" to 1/x from outside is a dead letter, no-such-actor',
      ],
    ],
    [
      "info",
      [
        "troupe error run-failed: a failed",
        "troupe info run-failed: b failed",
        'troupe warn dead-letter: the message "add" to 1/x from outside is a dead letter, no-such-actor',
        "troupe info run-recovered: the run r goes on",
      ],
    ],
  ] as const)("from the level %s on", (level, expected) => {
    const { log, lines } = logOf(level);
    log.failedRun(failed("a"));
    log.failedRun(failed("b", true)); // its caller is told
    log.deadLetter(letter as never, false);
    log.deadLetter(letter as never, true); // each message that waits becomes one when the system is closed
    log.deadLetter({ ...letter, reason: "expired" } as never, false); // its asker is told
    log.event(opened);
    log.event(recovered);
    expect(lines).toEqual(expected);
  });

  it("is that a run was cancelled or resolved, but not as something to worry about", () => {
    const { log, lines } = logOf("warn");
    for (const code of ["run-cancelled", "run-resolved"] as const)
      log.failedRun({
        ...failed("a"),
        error: new TroupeError(code, "meant", { details: { run: "a", note: "" } }),
      });
    expect(lines).toEqual([]);
  });

  it("is nothing without a target", () => {
    const log = new SystemLog(new FakeClock(), undefined);
    log.failedRun(failed("a"));
    log.deadLetter(letter as never, false);
    log.event(opened);
    log.end();
    expect(() => log.end()).not.toThrow();
  });
});

describe("many lines of one kind", () => {
  it("are a few, and a count when the time is over; other kinds are not held back", () => {
    const { log, lines, clock } = logOf("warn");
    for (let n = 0; n < 50; n++) log.failedRun(failed(`r${n}`));
    log.deadLetter(letter as never, false);
    expect(lines).toHaveLength(linesPerPeriod + 1);
    clock.pass(period);
    expect(lines.slice(linesPerPeriod + 1)).toEqual([
      "troupe error run-failed: 40 more like this (run-failed) within 10 s",
    ]);
    log.failedRun(failed("later"));
    expect(lines.at(-1)).toBe("troupe error run-failed: later failed");
    expect(clock.timers.size).toBe(0);
  });

  it("are counted at the end of the system", () => {
    const { log, lines, clock } = logOf("warn");
    for (let n = 0; n < 12; n++) log.failedRun(failed(`r${n}`));
    log.end();
    expect(lines.at(-1)).toContain("2 more like this");
    expect(clock.timers.size).toBe(0);
  });

  it("either pass or are counted, and never more pass than may", () => {
    const step = fc.record({ kind: fc.constantFrom("a", "b"), after: fc.oneof(fc.constant(0), fc.nat(period * 1.5)) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const clock = new FakeClock();
        const given = { a: 0, b: 0 };
        const passed: { kind: string; at: number }[] = [];
        const left = { a: 0, b: 0 };
        const limit = new LogLimit(clock, (kind, count) => (left[kind as "a" | "b"] += count));
        for (const { kind, after } of steps) {
          clock.pass(after);
          given[kind]++;
          if (limit.passes(kind)) passed.push({ kind, at: clock.now() });
        }
        limit.end();
        for (const kind of ["a", "b"] as const) {
          const own = passed.filter((one) => one.kind === kind);
          expect(own.length + left[kind]).toBe(given[kind]);
          // two windows may meet within any one period
          for (const { at } of own)
            expect(own.filter((one) => one.at >= at && one.at < at + period).length).toBeLessThanOrEqual(
              2 * linesPerPeriod,
            );
        }
        expect(clock.timers.size).toBe(0);
      }),
    );
  });
});

it("a logger that throws is told of on the other one, with the line, and the system goes on", () => {
  const broken = new Sink(() => {
    throw new Error("the disk is full");
  });
  const { lines, logger } = new Sink();
  const log = new SystemLog(new FakeClock(), { level: "info", to: broken.logger, fallback: logger });
  log.failedRun(failed("a"));
  expect(lines).toEqual([
    "troupe error logger-failed: the system's logger threw, at the following line: the disk is full",
    "troupe error run-failed: a failed",
  ]);
});

describe("a line", () => {
  const nasty = fc.string({
    unit: fc.oneof(fc.constantFrom("\n", "\u001b", "\u009b", "\u2028", "\u202e", "\u2066", " ", '"'), fc.string()),
  });

  it.each(["text", "json"] as const)("as %s is one, and holds nothing that a terminal obeys", (format) => {
    fc.assert(
      fc.property(nasty, nasty, fc.constantFrom(...logLevels), (message, run, level) => {
        const lines: string[] = [];
        const logger = lineLogger(format, { now: () => 5, jumped: () => 0 }, (line) => lines.push(line));
        logger[level]({ event: "run-failed", run, err: new Error(message) }, message);
        expect(lines).toHaveLength(1);
        expect(lines[0]).not.toMatch(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u);
        if (format === "text") return;
        expect(JSON.parse(lines[0] ?? "")).toMatchObject({
          level,
          time: 5,
          msg: message,
          event: "run-failed",
          run,
          err: { message },
        });
      }),
    );
  });
});

it("tells of what was thrown that can't be made a text of", () => {
  const { log, lines } = logOf("error");
  log.event({ type: "decider-failed", time: 0, supervisor: "shop", error: Object.create(null) as unknown });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^troupe error decider-failed: the decider of shop failed: ./);
});
