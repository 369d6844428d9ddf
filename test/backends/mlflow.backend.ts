/** MLflow has what was recorded: each trace whole and once, as its own API returns it. */

import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Span } from "../../src/index.ts";
import { type Kept, type KeptSpan, type Mlflow, startMlflow } from "./mlflow.ts";
import { type Endpoint, outputOf, startProgram } from "./programs.ts";

let folder: string;
let mlflow: Mlflow;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "troupe-mlflow-"));
  mlflow = await startMlflow(folder);
});

afterAll(async () => {
  await mlflow?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const endpointOf = (experiment: string): Endpoint => ({
  url: `${mlflow.url}/v1/traces`,
  headers: { "x-mlflow-experiment-id": experiment },
});

interface Printed {
  readonly spans: readonly Span[];
  readonly stats: { readonly exported: number; readonly dropped: number; readonly waiting: number };
}

/** MLflow reads attributes that are JSON, and keeps what it finds. */
function read(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

const readAll = (attributes: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, read(value)]));

function expectSame(kept: KeptSpan, span: Span): void {
  const { name, parentId, start, end = Number.NaN, failure, attributes, events, links } = span;
  expect({ name: kept.name, parentId: kept.parentId, isError: kept.isError }).toEqual({
    name,
    parentId,
    isError: failure !== undefined,
  });
  // its JSON has nanoseconds as numbers, which are exact to 256
  expect(kept.start).toBeCloseTo(start, 2);
  expect(kept.end).toBeCloseTo(end, 2);
  expect(readAll(kept.attributes)).toMatchObject(readAll(attributes)); // it adds some of its own
  expect(kept.events.map((event) => [event.name, event.attributes])).toEqual(
    events.map((event) => [event.name, event.attributes]),
  );
  expect(kept.links).toEqual(links);
}

/** What MLflow has kept of an experiment is what was recorded: the same traces, each with the same spans. */
async function expectAllKept(experiment: string, { spans, stats }: Printed): Promise<readonly Kept[]> {
  expect(stats).toEqual({ exported: spans.length, dropped: 0, waiting: 0 });
  const traces = await mlflow.traces(experiment);
  const recorded = new Map<string, Span[]>();
  for (const span of spans) recorded.set(span.traceId, [...(recorded.get(span.traceId) ?? []), span]);
  expect(traces.map(({ traceId }) => traceId).toSorted()).toEqual([...recorded.keys()].toSorted());
  for (const trace of traces) {
    const byId = new Map(recorded.get(trace.traceId)?.map((span) => [span.spanId, span]));
    expect(trace.spans.map(({ spanId }) => spanId).toSorted()).toEqual([...byId.keys()].toSorted());
    for (const span of trace.spans) expectSame(span, byId.get(span.spanId) as Span);
    const roots = trace.spans.filter(({ parentId }) => parentId === undefined);
    expect(roots).toHaveLength(1);
    const [root] = roots as [KeptSpan];
    expect(trace.state, root.name).toBe(root.isError ? "ERROR" : "OK");
    expect(Math.abs(trace.duration - (root.end - root.start))).toBeLessThan(1.5);
  }
  return traces;
}

const rootOf = ({ spans }: Kept): KeptSpan => spans.find(({ parentId }) => parentId === undefined) as KeptSpan;
const named = ({ spans }: Kept, name: string): readonly KeptSpan[] => spans.filter((span) => span.name === name);
const typeOf = ({ attributes }: KeptSpan): unknown => attributes["mlflow.spanType"];

describe("MLflow", () => {
  it("has the credit decisions, with what chaos did to them", async () => {
    const experiment = await mlflow.experiment("credit");
    const count = 40;
    const printed = JSON.parse(
      await outputOf(startProgram("credit.ts", endpointOf(experiment), String(count))),
    ) as Printed & {
      readonly decided: number;
    };
    expect(printed.decided).toBe(count);
    const traces = await expectAllKept(experiment, printed);
    const runs = traces.filter((trace) => rootOf(trace).name === "invoke_workflow sabotaged-credit-decision");
    expect(runs).toHaveLength(count);
    expect(traces.some((trace) => /^thread \d+ died$/.test(rootOf(trace).name))).toBe(true);
    const again = runs
      .flatMap(({ spans }) => spans)
      .filter(({ attributes }) => Number(attributes["troupe.attempt"]) > 1);
    expect(again.length).toBeGreaterThan(0);
    const byId = new Map(traces.flatMap(({ spans }) => spans).map((span) => [span.spanId, span]));
    for (const run of runs) {
      expect(typeOf(rootOf(run))).toBe("WORKFLOW");
      expect(read(run.input)).toEqual({ applicantId: expect.stringMatching(/^statlog-/) });
      expect(read(run.output)).toMatchObject({ decision: expect.any(String), rating: expect.any(String) });
      for (const step of ["score", "income", "fraud", "risk", "approval"]) {
        expect(named(run, `step ${step}`).map(({ parentId }) => parentId)).toEqual([rootOf(run).spanId]);
      }
      // the rating was made from the score that this run had written
      const applicant = `applicant/${(read(run.input) as { applicantId: string }).applicantId}`;
      const risks = named(run, "execute sabotaged-risk-assessment").filter(({ isError }) => !isError);
      expect(risks.length).toBeGreaterThan(0);
      for (const { links } of risks) {
        const saw = links.find(({ attributes }) => attributes["troupe.state.key"] === applicant);
        const commit = byId.get(saw?.spanId ?? "");
        if (commit === undefined) continue; // its thread died before it had told of it
        expect(commit.name).toBe("commit applicant");
        expect(typeOf(commit)).toBe("MEMORY");
        expect(commit.attributes["troupe.state.version"]).toBe(saw?.attributes["troupe.state.version"]);
      }
    }
  });

  it("has types, inputs, outputs, tokens, sessions, failures and what was read", async () => {
    const experiment = await mlflow.experiment("sales");
    const printed = JSON.parse(await outputOf(startProgram("sales.ts", endpointOf(experiment)))) as Printed;
    const traces = await expectAllKept(experiment, printed);
    const byRun = new Map(traces.map((trace) => [rootOf(trace).attributes["troupe.run.id"], trace]));
    const [first, failed, third] = ["sale-0", "sale-1", "sale-2"].map((id) => byRun.get(id) as Kept) as [
      Kept,
      Kept,
      Kept,
    ];

    expect([first, failed, third].map(({ state }) => state)).toEqual(["OK", "ERROR", "OK"]);
    expect(read(first.input)).toEqual({ customer: "anna", text: "order 0", fails: false });
    expect(read(first.output)).toBe("1");
    expect(read(third.output)).toBe("2");
    const [chat] = named(first, "chat small-1") as [KeptSpan];
    const [tool] = named(first, "execute_tool stamp") as [KeptSpan];
    const [agent] = named(first, "invoke_agent clerk") as [KeptSpan];
    expect([chat, tool, agent].map(typeOf)).toEqual(["CHAT_MODEL", "TOOL", "AGENT"]);
    expect(read(chat.attributes["gen_ai.input.messages"])).toEqual([{ role: "user", content: "order 0" }]);
    expect(read(tool.attributes["gen_ai.tool.call.arguments"])).toEqual({ ink: "red" });

    // 120 and 35 of the clerk's, 7 and 3 of the cashier's
    expect(read(first.metadata["mlflow.trace.tokenUsage"])).toMatchObject({
      input_tokens: 127,
      output_tokens: 38,
      total_tokens: 165,
    });
    expect(read(failed.metadata["mlflow.trace.tokenUsage"])).toMatchObject({ input_tokens: 120, output_tokens: 35 });

    const session = await mlflow.traces(experiment, "metadata.`mlflow.trace.session` = 'visit-3'");
    expect(session.map(({ traceId }) => traceId).toSorted()).toEqual(traces.map(({ traceId }) => traceId).toSorted());
    for (const trace of traces) {
      const run = rootOf(trace).attributes["troupe.run.id"];
      if (typeof run !== "string") continue;
      const found = await mlflow.traces(experiment, `tag.\`troupe.run\` = '${run}'`);
      expect(found.map(({ traceId }) => traceId)).toEqual([trace.traceId]);
    }
    const failures = await mlflow.traces(experiment, "trace.status = 'ERROR'");
    expect(failures.map(({ traceId }) => traceId)).toEqual([failed.traceId]);
    expect(
      named(failed, "execute cashier").map(({ events }) => events.some(({ name }) => name === "exception")),
    ).toEqual([true, true]);
    expect(named(failed, "compensate note")).toHaveLength(1);
    expect(rootOf(first).links).toEqual([{ traceId: "c".repeat(32), spanId: "d".repeat(16), attributes: {} }]);

    // the third run's cashier read what its clerk wrote, who wrote it over what the first run's clerk had
    const [committed] = named(first, "commit account") as [KeptSpan];
    const [over] = named(third, "commit account") as [KeptSpan];
    const [reading] = named(third, "execute cashier") as [KeptSpan];
    expect(reading.links).toMatchObject([{ traceId: third.traceId, spanId: over.spanId }]);
    expect(over.links).toMatchObject([{ traceId: first.traceId, spanId: committed.spanId }]);
  });

  it("has one trace of a run that kill -9 cut in two", async () => {
    const experiment = await mlflow.experiment("journey");
    const journal = join(folder, "journal");
    const first = startProgram("interrupted.ts", endpointOf(experiment), journal, "first");
    for await (const line of createInterface({ input: first.stdout })) if (line === "begun") first.kill("SIGKILL");
    if (first.exitCode === null && first.signalCode === null) await once(first, "exit");
    expect(first.signalCode).toBe("SIGKILL");
    await outputOf(startProgram("interrupted.ts", endpointOf(experiment), journal, "second"));
    const traces = await mlflow.traces(experiment);
    expect(traces).toHaveLength(1);
    const [trace] = traces as [Kept];
    expect(trace.state).toBe("OK");
    expect(read(trace.output)).toBe("in Rome");
    const ids = trace.spans.map(({ spanId }) => spanId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(trace.spans.filter(({ parentId }) => parentId === undefined)).toHaveLength(1);
    expect(named(trace, "invoke_agent flight")).toHaveLength(1);
    expect(named(trace, "invoke_agent hotel").map(({ attributes }) => attributes["troupe.outcome"])).toEqual([
      "lost",
      "finished",
    ]);
    expect(rootOf(trace).events.map(({ name }) => name)).toContain("troupe.run-recovered");
  });
});
