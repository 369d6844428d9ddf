/** Who read a version: over spans as threads record them, and a store's versions. */

import { expect, test } from "vitest";
import { SpanMemory } from "../../src/inspector/source/span-memory.ts";
import { Query } from "../../src/inspector/views/query.ts";
import { reads, type ReadsData } from "../../src/inspector/views/reads.ts";
import type { Looking } from "../../src/inspector/views/view.ts";
import type { Span } from "../../src/traces/span.ts";

const readAt = (time: number, version: number) => ({
  name: "troupe.state.read",
  time,
  attributes: { "troupe.state.key": "order/a", "troupe.state.version": version },
});

function span(spanId: string, about: Partial<Span>): Span {
  return { traceId: "1", spanId, name: "x", start: 0, end: 10, attributes: {}, events: [], links: [], ...about };
}

/** Version 1 was written at 10, version 2 at 20, version 3 at 30. */
const reader = {
  at: (_key: string, when: { readonly time: number }) => {
    const version = Math.min(3, Math.floor(when.time / 10));
    return version < 1 ? undefined : { version, author: `w${version}`, time: version * 10 };
  },
};

async function readsOf(query: string, spans: readonly Span[]): Promise<ReadsData> {
  const memory = new SpanMemory();
  memory.take(spans);
  const at = { inspected: { reader: () => reader }, spans: memory } as unknown as Looking;
  return reads(new Query("reads", new URLSearchParams(query)))(at);
}

const step = { "troupe.run.id": "r1", "troupe.step.name": "risk", "gen_ai.agent.name": "risk-agent" };

test("each read of a version is listed, the newest first, with the newer version that there was by then", async () => {
  const { reads: all, count } = await readsOf("key=order/a&version=1", [
    span("a", { attributes: step, events: [readAt(12, 1), readAt(25, 1), readAt(26, 2)] }),
    span("b", { attributes: { "troupe.actor": "1/till" }, events: [readAt(19, 1)] }),
    span("c", { attributes: step, events: [{ name: "other", time: 13, attributes: {} }] }),
  ]);
  expect(count).toBe(3);
  expect(all.map(({ by, run, time, newer }) => [by, run, time, newer])).toEqual([
    ["risk", "r1", 25, { version: 2, author: "w2", time: 20 }],
    ["1/till", undefined, 19, undefined],
    ["risk", "r1", 12, undefined],
  ]);
});

test("a version's commit says whose it was, from the step around it", async () => {
  const commit = { "troupe.state.key": "order/a", "troupe.state.version": 2, "troupe.state.conflicts": 1 };
  const spans = [
    span("run", { attributes: step }),
    span("own", { parentId: "run" }),
    span("write", { parentId: "own", name: "commit order", start: 4, end: 6, attributes: commit }),
  ];
  expect((await readsOf("key=order/a&version=2", spans)).written).toEqual({
    by: "risk",
    run: "r1",
    traceId: "1",
    spanId: "write",
    took: 2,
    conflicts: 1,
  });
  expect((await readsOf("key=order/a&version=3", spans)).written).toBeUndefined();
});
