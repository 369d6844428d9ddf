/** The recorder: bounded, each span once, and nothing of what was left behind. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { endWith, type OpenSpan, Recorder, type RecorderOptions } from "../../src/traces/recorder.ts";
import type { Span } from "../../src/traces/span.ts";
import { isInShare, isSampled, isTraceparent, traceIdIn, unsampled } from "../../src/traces/traceparent.ts";

function recorderOf(options: Partial<RecorderOptions> = {}): { recorder: Recorder; told: () => number } {
  let now = 0;
  let told = 0;
  const recorder = new Recorder({
    seed: "s",
    sample: 1,
    content: "none",
    capacity: 100,
    now: () => now++,
    onRecord: () => told++,
    ...options,
  });
  return { recorder, told: () => told };
}

/** What a program of a host's code does with spans. */
type Act = readonly [what: "begin" | "inside" | "end" | "fail" | "lose" | "take" | "close", which: number];

const acts: fc.Arbitrary<readonly Act[]> = fc.array(
  fc.tuple(fc.constantFrom("begin", "inside", "inside", "end", "end", "fail", "lose", "take", "close"), fc.nat(20)),
  { maxLength: 60 },
);

function play(program: readonly Act[], capacity: number): { records: Span[]; dropped: number; begun: number } {
  const { recorder } = recorderOf({ capacity });
  const spans: OpenSpan[] = [];
  const records: Span[] = [];
  let dropped = 0;
  let begun = 0;
  const take = (): void => {
    const taken = recorder.take();
    expect(taken?.spans.length ?? 0).toBeLessThanOrEqual(3 * capacity);
    records.push(...structuredClone([...(taken?.spans ?? [])]));
    dropped += taken?.dropped ?? 0;
  };
  for (const [what, which] of [...program, ["close", 0] as Act, ["take", 0] as Act]) {
    const span = spans[which % Math.max(1, spans.length)];
    if (what === "take") take();
    else if (what === "close") recorder.close();
    else if (what === "begin" || (what === "inside" && span !== undefined)) {
      begun++;
      const isBarren = what === "inside" && span?.isLost === true;
      const next = recorder.begin(what === "begin" ? undefined : span, what);
      if (isBarren) expect(next).toBeUndefined();
      if (isBarren) begun--;
      if (next !== undefined) spans.push(next);
    } else if (what === "end") span?.end();
    else if (what === "fail") span?.fail(new TypeError("no"));
    else span?.lose();
  }
  return { records, dropped, begun };
}

describe("the recorder", () => {
  it("ends each span once, in its parent, and counts what has no place", () => {
    fc.assert(
      fc.property(acts, fc.constantFrom(2, 100), (program, capacity) => {
        const { records, dropped, begun } = play(program, capacity);
        const ended = records.filter(({ end }) => end !== undefined);
        expect(new Set(ended.map(({ spanId }) => spanId)).size).toBe(ended.length);
        expect(ended.length + dropped).toBe(begun);
        const open = records.filter(({ end }) => end === undefined).map(({ spanId }) => spanId);
        expect(new Set(open).size).toBe(open.length);
        for (const id of open) expect(ended.some(({ spanId }) => spanId === id)).toBe(true);
        for (const { parentId, traceId, start } of capacity === 100 ? ended : []) {
          if (parentId === undefined) continue;
          const parent = ended.find(({ spanId }) => spanId === parentId) as Span;
          expect(traceId).toBe(parent.traceId);
          expect(start).toBeGreaterThanOrEqual(parent.start);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("says that there is something once until it is taken", () => {
    const { recorder, told } = recorderOf();
    recorder.begin(undefined, "a")?.end();
    recorder.begin(undefined, "b")?.end();
    expect(told()).toBe(1);
    expect(recorder.take()?.spans).toHaveLength(2);
    expect(recorder.take()).toBeUndefined();
    recorder.begin(undefined, "c");
    expect(told()).toBe(2);
  });

  it("loses what is in a span that is left behind, and begins nothing more in it", () => {
    const { recorder } = recorderOf();
    const handling = recorder.begin(undefined, "handling")!;
    const inner = recorder.begin(handling, "inner")!;
    handling.lose();
    inner.end();
    inner.set({ late: true });
    expect(recorder.begin(handling, "zombie")).toBeUndefined();
    expect(recorder.begin(inner, "zombie")).toBeUndefined();
    expect(recorder.take()?.spans.map(({ name, failure }) => [name, failure])).toEqual([
      ["inner", "lost"],
      ["handling", "lost"],
    ]);
  });

  it("takes a share of the traces, whole", () => {
    const { recorder } = recorderOf({ sample: 0.25, capacity: 10_000 });
    const begun = Array.from({ length: 4_000 }, () => recorder.begin(undefined, "root"));
    const taken = begun.filter((span) => span !== undefined);
    expect(taken.length).toBeGreaterThan(800);
    expect(taken.length).toBeLessThan(1_200);
    for (const { traceparent } of taken) {
      expect(isTraceparent(traceparent)).toBe(true);
      expect(isSampled(traceparent)).toBe(true);
      expect(isInShare(traceIdIn(traceparent), 0.25)).toBe(true);
    }
    expect(recorder.begin(unsampled, "in none")).toBeUndefined();
    expect(isTraceparent(unsampled.traceparent)).toBe(true);
    expect(recorderOf({ sample: 0 }).recorder.begin(undefined, "root")).toBeUndefined();
  });

  it("takes so many traces a second, whole", () => {
    const { recorder } = recorderOf({ sample: { perSecond: 10 }, capacity: 10_000 }); // each look at the clock is a millisecond
    const roots = Array.from({ length: 1_000 }, () => recorder.begin(undefined, "root")).filter(
      (root) => root !== undefined,
    );
    expect(roots.length).toBeGreaterThanOrEqual(100); // ten seconds' worth at once
    expect(roots.length).toBeLessThan(125);
    expect(recorder.begin(roots[0], "inside")).toBeDefined();
  });

  it("has a span tell of so many messages that it sent, and count the rest", () => {
    const { recorder } = recorderOf();
    const span = recorder.begin(undefined, "floods") as OpenSpan;
    expect(span.place).toBe(span);
    expect(Array.from({ length: 131 }, () => span.sends()).filter(Boolean)).toHaveLength(128);
    expect(span.place).toBe(unsampled);
    span.end();
    expect(recorder.take()?.spans[0]?.attributes).toEqual({ "troupe.messages.not_recorded": 3 });
  });

  it("says of a failure what kind it is, and what it says only if asked", async () => {
    for (const content of ["none", "all"] as const) {
      const { recorder } = recorderOf({ content });
      const failing = Promise.reject(new RangeError("secret"));
      await expect(endWith(recorder.begin(undefined, "a"), failing)).rejects.toThrow("secret");
      const text = JSON.stringify(recorder.take());
      expect(text).toContain('"failure":"RangeError"');
      expect(text.includes("secret")).toBe(content === "all");
    }
  });
});

it.each([
  ["00", false],
  ["01", true],
  ["0a", false],
  ["0b", true],
  ["ff", true],
])("reads of the flags %s whether a trace is recorded", (flags, is) =>
  expect(isSampled(`00-${"1".repeat(32)}-${"2".repeat(16)}-${flags}`)).toBe(is),
);

it.each([
  [`00-${"0".repeat(32)}-${"1".repeat(16)}-01`, false],
  [`00-${"1".repeat(32)}-${"0".repeat(16)}-01`, false],
  [`00-${"1".repeat(32)}-${"1".repeat(16)}-01`, true],
  [`00-${"1".repeat(32)}-${"1".repeat(16)}-00`, true],
  [`00-${"A".repeat(32)}-${"1".repeat(16)}-00`, false],
  [`00-${"1".repeat(32)}-${"1".repeat(16)}-00-`, false],
  ["", false],
])("knows a traceparent: %s", (text, is) => expect(isTraceparent(text)).toBe(is));
