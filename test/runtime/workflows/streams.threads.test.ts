/** What agents emit on real threads. */

import { describe, expect, it } from "vitest";
import type { Coordination, StreamItem } from "troupe";
import { writing } from "../../fixtures/writers.ts";
import { record, useSystem } from "../../fixtures/real-threads.ts";

const parts = 100_000;

describe.each<Coordination>(["orchestrator", "relay"])("a run's stream, by the %s", (coordination) => {
  const system = useSystem({ coordination });

  it("has each part of many, in order, and writes no version for them", async () => {
    const run = system().run(writing, { parts, isAwaited: true });
    let next = 0;
    let isInOrder = true;
    run.stream$.subscribe((item) => {
      if (item.kind === "part") isInOrder &&= item.index === next++;
      else if (item.kind === "gap") isInOrder = false;
    });
    expect(await run.result).toBe(parts);
    expect([next, isInOrder]).toEqual([parts, true]);
    expect((await run.history()).at(-1)?.version).toBeLessThanOrEqual(3);
  });

  it("tells of the parts that are missing since their agent didn't wait", async () => {
    const run = system().run(writing, { parts: 5_000, isAwaited: false });
    const stream = record<StreamItem>(run.stream$);
    await run.result;
    expect(await stream.end).toEqual({});
    let told = 0;
    let lost = 0;
    for (const item of stream.values) {
      if (item.kind === "part") told++;
      else if (item.kind === "gap") lost += item.lost;
    }
    expect(lost).toBeGreaterThan(0);
    expect(told + lost).toBe(5_000);
  });

  it("has the text so far", async () => {
    const run = system().run(writing, { parts: 50, isAwaited: true });
    const text = record(run.text("write"));
    await text.end;
    expect(text.values.at(-1)).toBe(Array.from({ length: 50 }, (_, n) => `${n} `).join(""));
  });
});
