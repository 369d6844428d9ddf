/** What a run's history refuses is told of in its trace, by whom it was proposed and why, and nowhere else. */

import { describe, expect, it } from "vitest";
import { Recorder } from "../../../src/traces/recorder.ts";
import { refusalsInWords } from "../../../src/traces/refusals.ts";
import type { Span } from "../../../src/traces/span.ts";
import { rootSpanId } from "../../../src/traces/trace-ids.ts";
import type { Claim } from "../../../src/workflows/history/run-event.ts";
import { RunSupervisor } from "../../../src/workflows/supervisor/run-supervisor.ts";
import { diamond, quiet } from "../support/example-workflow.ts";
import { MemoryRuns } from "../support/memory-runs.ts";

const traceId = "5".repeat(32);

function supervised({ isSampled = true } = {}) {
  const runs = new MemoryRuns();
  const recorder = new Recorder({
    seed: "1",
    sample: 1,
    content: "none",
    capacity: 1_000,
    now: () => 7,
    onRecord: () => undefined,
  });
  const supervisor = new RunSupervisor({
    commit: (subject, next) => runs.commit(subject, next),
    newest: (subject) => runs.newest(subject),
    send: () => undefined,
    onVersion: () => undefined,
    onBroken: () => undefined,
    ...quiet,
    tracing: { traceOf: () => (isSampled ? traceId : undefined), recorder, startOf: () => 0 },
  });
  const refusals = (): readonly Span[] => (recorder.take()?.spans ?? []).filter(({ name }) => / of [a-d]$/.test(name));
  return { supervisor, runs, refusals };
}

const claim = (step: string, epoch = 1): Claim => ({ type: "step-started", step, input: { n: 1 }, by: "relay", epoch });
const done = (step: string) => ({ type: "step-finished", step, output: { n: 1 } }) as const;

describe("a proposal that a run's history refuses", () => {
  it("is a span in the run, which says who had begun the step before, and since which epoch", async () => {
    const { supervisor, runs, refusals } = supervised();
    await supervisor.switchCoordination("relay");
    await supervisor.start("r", diamond, { n: 1 });
    expect(await supervisor.claim("r", claim("a"))).not.toBe(false);
    const { length } = runs.versions("r");
    expect(refusals()).toEqual([]);
    expect(await supervisor.claim("r", claim("a"))).toBe(false);
    const spans = refusals();
    expect(spans).toMatchObject([{ traceId, parentId: rootSpanId(traceId), name: "step-started of a", end: 7 }]);
    expect(refusalsInWords(spans, 10)).toEqual([
      "step-started of a, by the relay in epoch 1, was refused: already started by the relay in epoch 1",
    ]);
    expect(runs.versions("r")).toHaveLength(length);
  });

  it("says how the step stands that an outcome is late for, and that a run has ended", async () => {
    const { supervisor, refusals } = supervised();
    await supervisor.start("r", diamond, { n: 1 });
    expect(await supervisor.propose("r", done("a"))).toBe(true);
    expect(await supervisor.propose("r", done("a"))).toBe(false);
    expect(await supervisor.propose("r", done("d"))).toBe(false);
    expect(refusalsInWords(refusals(), 10)).toEqual([
      "step-finished of a was refused: the step is finished",
      "step-finished of d was refused: the step is pending",
    ]);
  });

  it("is noted a few times for a run, and not at all for one that is not recorded", async () => {
    const { supervisor, refusals } = supervised();
    await supervisor.start("r", diamond, { n: 1 });
    for (let i = 0; i < 200; i++) expect(await supervisor.propose("r", done("d"))).toBe(false);
    expect(refusals()).toHaveLength(32);
    const passed = supervised({ isSampled: false });
    await passed.supervisor.start("r", diamond, { n: 1 });
    expect(await passed.supervisor.propose("r", done("d"))).toBe(false);
    expect(passed.refusals()).toEqual([]);
  });
});
