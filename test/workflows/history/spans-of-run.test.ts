/** The spans of a run tell the same story as its history. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as names from "../../../src/traces/semantic-names.ts";
import type { Span } from "../../../src/traces/span.ts";
import type { RunEvent } from "../../../src/workflows/history/run-event.ts";
import { type RunRecord, recordsOf } from "../../../src/workflows/history/run-history.ts";
import { isOpen } from "../../../src/workflows/history/run-state.ts";
import { isGathered } from "../../../src/workflows/history/run-outputs.ts";
import { outlineOf } from "../../../src/workflows/steps/outline-index.ts";
import { allSteps } from "../../../src/workflows/steps/run-steps.ts";
import { isInFlight } from "../../../src/workflows/steps/step-state.ts";
import { spansOf } from "../../../src/workflows/history/spans-of-run.ts";
import { codec, error, started } from "../support/example-workflow.ts";
import { type Outcome, play, scenarios } from "../support/run-scenario.ts";
import { quickExpect } from "../../quick-expect.ts";

const troubled = scenarios({
  fails: ["executing", "once", "mapping", "compensating", "undoing-once"],
  interventions: ["switch", "cancel", "lose", "crash", "tell"],
  retries: true,
  fallbacks: true,
  branches: true,
  waits: true,
  pivots: true,
  depth: 1,
  bodies: true,
  eaches: true,
  loops: true,
});

/** Each version is a second after the one before. */
const timed = (records: readonly RunRecord[]): RunRecord[] =>
  records.map((record) => ({ ...record, time: 1000 * record.version }));

const named = (spans: readonly Span[], start: string): readonly Span[] =>
  spans.filter(({ name }) => name.startsWith(start));

function expectTree(spans: readonly Span[]): void {
  const seen = new Map<string, Span>();
  for (const span of spans) {
    quickExpect(seen.has(span.spanId)).toBe(false);
    const parent = span.parentId === undefined ? undefined : seen.get(span.parentId);
    if (seen.size === 0) quickExpect(span.parentId).toBeUndefined();
    else if (parent === undefined) throw new Error(`${span.name} has no parent before it`);
    else {
      quickExpect(span.traceId).toBe(parent.traceId);
      quickExpect(span.start).toBeGreaterThanOrEqual(parent.start);
      if (parent.end !== undefined) quickExpect(span.end).toBeLessThanOrEqual(parent.end);
    }
    for (const link of span.links) quickExpect(seen.has(link.spanId)).toBe(true);
    if (span.end !== undefined) quickExpect(span.end).toBeGreaterThanOrEqual(span.start);
    quickExpect(span.events.filter(({ name }) => name === names.exception)).toHaveLength(
      span.failure === undefined ? 0 : 1,
    );
    seen.set(span.spanId, span);
  }
}

/** Each step is in the innermost of the steps whose paths its own begins with, and the others are in the run. */
function expectNested([root, ...spans]: readonly Span[]): void {
  const steps = spans.filter(({ name }) => name.startsWith("step "));
  for (const span of steps) {
    const around = steps
      .filter((other) => ["/", "[", "#"].some((next) => span.name.startsWith(other.name + next)))
      .sort((a, b) => b.name.length - a.name.length);
    quickExpect([span.name, span.parentId]).toEqual([span.name, (around[0] ?? root)?.spanId]);
  }
}

const count = (records: readonly RunRecord[], is: (event: RunEvent) => boolean): number =>
  records.filter(({ event }) => is(event)).length;

function expectSameStory({ id, versions }: Outcome, change = (records: RunRecord[]): RunRecord[] => records): void {
  const records = change(timed(recordsOf(id, versions, codec)));
  const spans = spansOf(records);
  const { state } = versions.at(-1)!;
  const isSubWorkflow = (step: string): boolean => isGathered(outlineOf(state.steps.outline, step)?.kind);
  expectTree(spans);
  expectNested(spans);

  quickExpect(named(spans, "invoke_agent")).toHaveLength(
    count(records, (event) => event.type === "step-started" && !isSubWorkflow(event.step)),
  );
  quickExpect(named(spans, "compensate")).toHaveLength(
    count(
      records,
      (event) =>
        event.type === "compensation-started" || (event.type === "compensation-failed" && event.epoch !== undefined),
    ),
  );
  const open = spans.filter(({ end }) => end === undefined).map(({ name }) => name);
  if (!isOpen(state)) quickExpect(open).toEqual([]);
  for (const step of allSteps(state.steps)) {
    const span = spans.find(({ name }) => name === `step ${step.name}`);
    const isTold = records.some(
      ({ event }) =>
        "step" in event && event.type !== "wait-answered" && event.type !== "loop-told" && event.step === step.name,
    );
    // nothing is said of the steps of a sub-workflow that is skipped
    if (step.status === "pending" || (step.status === "skipped" && !isTold)) quickExpect(span).toBeUndefined();
    else if (["finished", "skipped", "closed"].includes(step.status))
      quickExpect(span?.attributes[names.stepStatus]).toBe(step.status);
    if (isInFlight(step)) quickExpect(open.some((name) => /^(invoke_agent|compensate)/.test(name))).toBe(true);
  }
  const [root] = spans;
  quickExpect(root?.attributes[names.runStatus]).toBe(state.status);
  quickExpect(root?.failure === undefined).toBe(isOpen(state) || state.status === "completed");

  for (const length of [1, Math.ceil(records.length / 2)]) {
    const before = spansOf(records.slice(0, length));
    quickExpect(before.map(({ spanId, name, start }) => [spanId, name, start])).toEqual(
      spans.slice(0, before.length).map(({ spanId, name, start }) => [spanId, name, start]),
    );
  }
}

describe("the spans of a run", () => {
  it("tell the same story as its history, whatever happened to the run", async () => {
    await fc.assert(
      fc.asyncProperty(troubled, async (scenario) => {
        for (const run of (await play(scenario)).runs) expectSameStory(run);
      }),
      { numRuns: 100 },
    );
  });

  it.each(["step-started", "step-finished", "compensation-finished", "run-ended"] as const)(
    "tell another one without its %s",
    async (type) => {
      const found = await fc.check(
        fc.asyncProperty(troubled, async (scenario) => {
          for (const run of (await play(scenario)).runs)
            expectSameStory(run, (records) => {
              const at = records.findIndex(({ event }) => event.type === type);
              return records.filter((_, index) => index !== at);
            });
        }),
        { numRuns: 100 },
      );
      expect(found.failed).toBe(true);
    },
  );
});

const at = (time: number, event: RunEvent): RunRecord => ({ run: "r", version: time, time, event });
const secret = "canary";
const caller = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
const history: RunRecord[] = [
  at(0, started({ input: { secret }, tenant: "acme", session: "visit-3", caller })),
  at(10, { type: "step-started", step: "a", input: { secret }, by: "relay", epoch: 1 }),
  at(25, { type: "step-failed", step: "a", error: { ...error, name: secret, message: secret }, retryAt: 40 }),
  at(41, { type: "step-started", step: "a", input: { secret }, by: "relay", epoch: 1, attempt: 2 }),
  at(50, { type: "run-recovered", coordination: "relay", epoch: 2 }),
  at(60, { type: "step-started", step: "a", input: { secret }, by: "relay", epoch: 2, attempt: 3 }),
  at(70, { type: "step-finished", step: "a", attempt: 3, output: { secret } }),
  at(90, { type: "step-started", step: "b", input: { secret }, by: "relay", epoch: 2 }),
  at(95, { type: "cancel-requested", reason: secret }),
];

describe("a trace", () => {
  it("has when a step could start, its attempts, and what became of each", () => {
    const spans = spansOf(history);
    const rows = spans.map(({ name, start, end, failure, attributes }) => [
      name,
      start,
      end,
      failure ?? attributes[names.outcome] ?? attributes[names.stepStatus],
    ]);
    expect(rows).toEqual([
      ["invoke_workflow diamond", 0, undefined, undefined],
      ["step a", 0, 70, "finished"],
      ["invoke_agent reader", 10, 25, "_OTHER"],
      ["invoke_agent reader", 41, 50, "lost"],
      ["invoke_agent reader", 60, 70, "finished"],
      ["step b", 70, undefined, undefined],
      ["invoke_agent writer", 90, undefined, undefined],
    ]);
    expect(spans[0]?.attributes).toMatchObject({ [names.tenant]: "acme", [names.session]: "visit-3" });
    expect(spans[0]?.links).toEqual([{ traceId: "a".repeat(32), spanId: "b".repeat(16), attributes: {} }]);
    expect(spans[1]?.attributes[names.queued]).toBe(10);
    expect(spans[0]?.events.map(({ name, time }) => [name, time])).toEqual([
      ["troupe.run-recovered", 50],
      ["troupe.cancel-requested", 95],
    ]);
  });

  it("closes a sub-workflow when what is in flight in it has ended, also where that is lost", () => {
    const [outline] = started().steps;
    const part = { ...outline!, name: "ship/pick", after: [] };
    const { agent: _, ...sub } = { ...outline!, name: "ship", kind: "workflow" as const };
    const begun = (step: string): RunEvent => ({ type: "step-started", step, input: {}, by: "orchestrator", epoch: 1 });
    const records = [
      at(0, started({ steps: [sub, part, { ...part, name: "ship/label" }] })),
      at(10, begun("ship")),
      at(20, begun("ship/pick")),
      at(30, begun("ship/label")),
      at(40, { type: "cancel-requested" }),
      at(50, { type: "step-finished", step: "ship/pick", output: {} }),
      at(60, { type: "run-recovered", coordination: "orchestrator", epoch: 2 }),
    ];
    const spans = spansOf(records);
    const nameOf = new Map(spans.map(({ spanId, name }) => [spanId, name]));
    expect(spans.map(({ name, end, parentId = "" }) => [nameOf.get(parentId), name, end])).toEqual([
      [undefined, "invoke_workflow diamond", undefined],
      ["invoke_workflow diamond", "step ship", 60],
      ["step ship", "step ship/pick", 50],
      ["step ship/pick", "invoke_agent reader", 50],
      ["step ship", "step ship/label", 60],
      ["step ship/label", "invoke_agent reader", 60],
    ]);
  });

  it("shows nothing of the application's data unless asked, and then what its redaction lets through", () => {
    expect(JSON.stringify(spansOf(history))).not.toContain(secret);
    expect(JSON.stringify(spansOf(history, { content: "all" })).match(/canary/g)?.length).toBeGreaterThan(6);
    const redact = (_: string, value: unknown): unknown => {
      if (value === secret) throw new Error("unreadable");
      return typeof value === "object" ? "hidden" : undefined;
    };
    const redacted = JSON.stringify(spansOf(history, { content: "all", redact }));
    expect(redacted).toContain("hidden");
    expect(redacted).not.toContain(secret);
  });

  it("has the ids that it had, and others for another run of that name", () => {
    expect(spansOf(history)).toEqual(spansOf(history));
    const ids = ([first]: readonly Span[]): string => `${first?.traceId} ${first?.spanId}`;
    const later = [at(1, started()), ...history.slice(1)];
    expect(ids(spansOf(later))).not.toBe(ids(spansOf(history)));
    expect(ids(spansOf(history))).toMatch(/^[0-9a-f]{32} [0-9a-f]{16}$/);
  });
});
