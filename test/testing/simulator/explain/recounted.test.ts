/** What a failing schedule says that happened in it. */

import { describe, expect, it } from "vitest";
import { simulate } from "../../../../src/testing/index.ts";
import { recounted } from "../../../../src/testing/simulator/explain/recounted.ts";
import type { Span } from "../../../../src/traces/span.ts";
import { coat, desk, sheet } from "../../../invariants/traced.ts";

const failing = (seed: number): Promise<string> =>
  simulate(
    async ({ system }) => {
      const ref = await system.spawn(desk, { name: "desk" });
      await ref.ask("serve", { key: "a", text: "", fails: false });
      const run = system.run(coat, { key: "a", ms: 1, fails: "packer" }, { id: "order" });
      await run.result.catch(() => undefined);
      if ((await system.store.read(sheet, "a")).length > 1) throw new Error("the sheet is full");
    },
    { seed, runs: 1 },
  ).then(
    () => "it held",
    ({ message }: Error) => message,
  );

describe("a failing schedule", () => {
  it("tells what happened in it, the same each time", async () => {
    const told = await failing(4);
    expect(told).toContain("the sheet is full");
    expect(told).toMatch(/What happened in it.*, in virtual milliseconds:/);
    expect(told).toMatch(
      /\n *[\d.–]+ +compensate cut\n *[\d.–]+ +execute cutter: on thread \d\n *[\d.–]+ +commit sheet: version \d of sheet.a/,
    );
    expect(told).not.toContain("too old");
    expect(told).toMatch(/ {4}invoke_agent packer/);
    expect(await failing(4)).toBe(told);
  });
});

const span = (n: number, about: Partial<Span> = {}): Span => ({
  traceId: "t",
  spanId: String(n),
  name: `span ${n}`,
  start: 1_000 + n,
  end: 1_000.26 + n,
  attributes: {},
  events: [],
  links: [],
  ...about,
});

describe("what happened", () => {
  it("is a line for each span, in its parent, and the reads that were too old", () => {
    const version = (number: number) => ({ "troupe.state.key": "a", "troupe.state.version": number });
    const { end: _, ...open } = span(4, { failure: "lost", attributes: { "troupe.thread": 2 } });
    const spans = [
      span(1, { name: "commit a", parentId: "0", attributes: { ...version(2), "troupe.state.conflicts": 1 } }),
      span(0),
      span(3, { events: [{ name: "troupe.state.read", time: 1_005, attributes: version(1) }] }),
      open,
    ];
    expect(recounted(spans)).toEqual([
      "What happened in it, in virtual milliseconds:",
      "0–0.3  span 0",
      "1–1.3    commit a: version 2 of a, after a conflict",
      "3–3.3  span 3: read version 1 of a",
      "   4–  span 4: on thread 2, lost",
      "too old: span 3 read version 1 of a, 4 ms after commit a had written version 2",
    ]);
  });

  it("is short, and nothing where nothing happened", () => {
    const lines = recounted(Array.from({ length: 100 }, (_, n) => span(n)));
    expect(lines[0]).toBe("What happened in it at last, of 100 spans, in virtual milliseconds:");
    expect(lines).toHaveLength(41);
    expect(lines.at(-1)).toBe("99–99.3  span 99");
    expect(recounted([])).toEqual([]);
  });
});
