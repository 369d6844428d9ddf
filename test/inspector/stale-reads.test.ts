/** Why a run did what it did, by its reads: what one had to wait for, and whose that was, and which ones were too old. */

import { expect, it } from "vitest";
import { staleReads } from "../../src/inspector/views/stale-reads.ts";
import type { Looking } from "../../src/inspector/views/view.ts";
import type { Span } from "../../src/traces/span.ts";

const span = (spanId: string, start: number, end: number, about: Partial<Span> = {}): Span => ({
  traceId: "t",
  spanId,
  name: spanId,
  start,
  end,
  attributes: {},
  events: [],
  links: [],
  ...about,
});

const step = (name: string): Span => span(`attempt ${name}`, 0, 500, { attributes: { "troupe.step.name": name } });

const waits = (about: Partial<Span> = {}): Span =>
  span("wait", 10, 422.4, {
    name: "wait for state",
    parentId: "attempt risk",
    attributes: { "troupe.state.key": "applicant/42", "troupe.causal_token": 90 },
    ...about,
  });

const commit = span("commit", 1, 5, {
  name: "commit applicant",
  parentId: "attempt score",
  attributes: { "troupe.state.key": "applicant/42", "troupe.state.version": 7 },
});

/** A store in which version 7 of applicant/42 was the newest at position 90. */
function looking(cause?: string): { readonly at: Looking; readonly asked: unknown[] } {
  const asked: unknown[] = [];
  const reader = () => ({
    at: (key: string, when: unknown) => {
      asked.push([key, when]);
      return key === "applicant/42" ? { version: 7, author: "2/score-1", ...(cause && { cause }) } : undefined;
    },
  });
  return { at: { inspected: { reader } } as unknown as Looking, asked };
}

it("says what a read waited for, and which step of the run had written it", async () => {
  const { at, asked } = looking();
  expect(await staleReads(at, [step("risk"), step("score"), commit, waits()])).toEqual([
    "risk waited 412 ms for version 7 of applicant/42, written by score",
  ]);
  expect(asked).toEqual([["applicant/42", { position: 90 }]]);
});

it("says who wrote it, and for which run, where no step of this one did", async () => {
  expect(await staleReads(looking("run/loan-3").at, [step("risk"), waits()])).toEqual([
    "risk waited 412 ms for version 7 of applicant/42, written by 2/score-1 for the run loan-3",
  ]);
});

it("says so of a key that had no version, and of an actor's read", async () => {
  const attributes = { "troupe.state.key": "applicant/1", "troupe.causal_token": 3 };
  const { parentId: _, ...alone } = waits({ attributes });
  expect(await staleReads(looking().at, [alone])).toEqual([
    "an actor waited 412 ms for applicant/1, which had no version yet",
  ]);
});

it("tells of reads that were too old after those that waited", async () => {
  const events = [
    {
      name: "troupe.state.read",
      time: 40,
      attributes: { "troupe.state.key": "applicant/42", "troupe.state.version": 6 },
    },
  ];
  const reading = span("reading", 30, 60, { parentId: "attempt risk", events });
  expect(await staleReads(looking().at, [step("risk"), step("score"), commit, reading, waits()])).toEqual([
    "risk waited 412 ms for version 7 of applicant/42, written by score",
    "risk read version 6 of applicant/42, 35 ms after score had written version 7",
  ]);
});
