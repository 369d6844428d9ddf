import { describe, expect, it } from "vitest";
import { oldReadInWords, oldReads } from "../../src/traces/old-reads.ts";
import type { Span } from "../../src/traces/span.ts";

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

const version = (key: string, number: number) => ({ "troupe.state.key": key, "troupe.state.version": number });

const commit = (end: number, key: string, number: number, about: Partial<Span> = {}): Span =>
  span(`commit-${key}-${number}`, end - 1, end, { name: "commit file", attributes: version(key, number), ...about });

const reader = (...reads: readonly [time: number, key: string, version: number][]): Span =>
  span("reader", 0, 100, {
    parentId: "attempt",
    events: reads.map(([time, key, number]) => ({ name: "troupe.state.read", time, attributes: version(key, number) })),
  });

const found = (...spans: readonly Span[]) =>
  oldReads(spans).map(({ key, version: number, late, newer }) => [key, number, late, newer.version]);

describe("a read", () => {
  it("is too old once a newer version is committed, and not before, and not for another key", () => {
    const commits = [commit(10, "a", 2), commit(20, "a", 3), commit(5, "b", 9)];
    expect(found(...commits, reader([9, "a", 1]))).toEqual([]);
    expect(found(...commits, reader([10, "a", 1]))).toEqual([]); // who was first isn't known
    expect(found(...commits, reader([10.5, "a", 1]))).toEqual([["a", 1, 0.5, 2]]);
    expect(found(...commits, reader([25, "a", 1]))).toEqual([["a", 1, 5, 3]]);
    expect(found(...commits, reader([25, "a", 2], [12, "a", 1], [30, "a", 3], [30, "c", 1]))).toEqual([
      ["a", 1, 2, 2],
      ["a", 2, 5, 3],
    ]);
  });

  it("is not measured by a commit that failed or goes on, nor by what is no commit", () => {
    expect(found(commit(10, "a", 2, { failure: "conflict" }), reader([50, "a", 1]))).toEqual([]);
    const { end: _, ...open } = commit(10, "a", 2);
    expect(found(open, reader([50, "a", 1]))).toEqual([]);
    expect(found(commit(10, "a", 2, { name: "committee" }), reader([50, "a", 1]))).toEqual([]);
    expect(found(commit(10, "a", 2, { attributes: { "troupe.state.key": "a" } }), reader([50, "a", 1]))).toEqual([]);
  });

  it("is told of by the steps that read and wrote, or by the spans where there are none", () => {
    const attempt = span("attempt", 0, 100, { attributes: { "troupe.step.name": "risk" } });
    const scoring = span("scoring", 0, 9, { attributes: { "troupe.step.name": "score" } });
    const spans = [attempt, scoring, commit(10, "a", 2, { parentId: "scoring" }), reader([45, "a", 1])];
    const [read] = oldReads(spans);
    const byId = new Map(spans.map((one) => [one.spanId, one]));
    expect(read && oldReadInWords(read, byId)).toBe(
      "risk read version 1 of a, 35 ms after score had written version 2",
    );
    expect(read && oldReadInWords(read, new Map())).toBe(
      "reader read version 1 of a, 35 ms after commit file had written version 2",
    );
  });
});
