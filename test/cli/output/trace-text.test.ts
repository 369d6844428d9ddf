import { describe, expect, it } from "vitest";
import { durationText } from "../../../src/cli/output/duration-text.ts";
import { painter } from "../../../src/cli/output/paint.ts";
import { traceLines } from "../../../src/cli/output/trace-text.ts";
import type { Span } from "../../../src/traces/span.ts";

const span = (spanId: string, start: number, end: number | undefined, about: Partial<Span> = {}): Span => ({
  traceId: "t",
  spanId,
  name: spanId,
  start,
  ...(end === undefined ? {} : { end }),
  attributes: {},
  events: [],
  links: [],
  ...about,
});

describe("a trace in a terminal", () => {
  it("has children below their parents, in the order of their starts, each with its bar", () => {
    const lines = traceLines(
      [
        span("run", 0, 400),
        span("late", 300, undefined, { parentId: "run" }),
        span("early", 0, 100, { parentId: "run", failure: "timed-out" }),
        span("part", 50, 100, { parentId: "early", attributes: { "troupe.attempt": 2 } }),
      ],
      painter(false),
    );
    expect(lines).toEqual([
      `run      ${"█".repeat(40)}      400 ms`,
      `  early  ${"█".repeat(10)}${"·".repeat(30)}      100 ms  timed-out`,
      `    part ${"·".repeat(5)}${"█".repeat(5)}${"·".repeat(30)}       50 ms  attempt 2`,
      `  late   ${"·".repeat(30)}${"█".repeat(10)}           …`,
    ]);
    expect(traceLines([], painter(false))).toEqual([]);
  });
});

it.each([
  [0.4, "0 ms"],
  [999, "999 ms"],
  [1250, "1.25 s"],
  [123_456, "2 min 3 s"],
  [120_000, "2 min"],
  [3_600_000 * 5, "5 h"],
  [86_400_000 * 3 + 3_600_000 * 4, "3 d 4 h"],
])("tells %i ms as a person would", (milliseconds, text) => {
  expect(durationText(milliseconds)).toBe(text);
});
