/** Phoenix, which is built otherwise than MLflow, reads the same traces: kinds, tree, tokens and failures. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Span } from "../../src/index.ts";
import { outputOf, startProgram } from "./programs.ts";
import { pythonWith } from "./python.ts";
import { type Server, startServer } from "./server.ts";

let folder: string;
let phoenix: Server;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "troupe-phoenix-"));
  phoenix = await startServer({
    program: join(pythonWith("phoenix", "arize-phoenix"), "phoenix"),
    arguments: () => ["serve"],
    environment: (port) => ({
      PHOENIX_HOST: "127.0.0.1",
      PHOENIX_PORT: String(port),
      PHOENIX_GRPC_PORT: String(port + 1),
      PHOENIX_WORKING_DIR: folder,
      PHOENIX_TELEMETRY_ENABLED: "false",
      PHOENIX_ALLOW_EXTERNAL_RESOURCES: "false",
    }),
    health: "/healthz",
    folder,
  });
});

afterAll(async () => {
  await phoenix?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const Kept = v.object({
  name: v.string(),
  context: v.object({ trace_id: v.string(), span_id: v.string() }),
  parent_id: v.nullable(v.string()),
  span_kind: v.string(),
  status_code: v.string(),
  attributes: v.record(v.string(), v.unknown()),
});
const Page = v.object({ data: v.array(Kept), next_cursor: v.optional(v.nullable(v.string())) });

async function keptSpans(): Promise<readonly v.InferOutput<typeof Kept>[]> {
  const kept: v.InferOutput<typeof Kept>[] = [];
  for (let cursor: string | null | undefined = ""; typeof cursor === "string";) {
    const response = await fetch(`${phoenix.url}/v1/projects/default/spans?limit=1000&cursor=${cursor}`);
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    const page: v.InferOutput<typeof Page> = v.parse(Page, await response.json());
    kept.push(...page.data);
    cursor = page.next_cursor;
  }
  return kept;
}

describe("Phoenix", () => {
  it("has what was recorded", async () => {
    const endpoint = { url: `${phoenix.url}/v1/traces`, headers: {} };
    const { spans } = JSON.parse(await outputOf(startProgram("sales.ts", endpoint))) as { spans: readonly Span[] };
    await expect.poll(async () => (await keptSpans()).length, { timeout: 300_000 }).toBe(spans.length); // it stores them in its time
    const kept = await keptSpans();
    const told = kept.map(({ name, context, parent_id, status_code }) => [
      ...[context.trace_id, context.span_id, parent_id, name, status_code === "ERROR"],
    ]);
    const recorded = spans.map(({ traceId, spanId, parentId = null, name, failure }) => [
      ...[traceId, spanId, parentId, name, failure !== undefined],
    ]);
    const sorted = (rows: readonly unknown[][]): readonly string[] => rows.map((row) => JSON.stringify(row)).toSorted();
    expect(sorted(told)).toEqual(sorted(recorded));
    const kindOf = (name: string): unknown => kept.find((span) => span.name === name)?.span_kind;
    expect([kindOf("chat small-1"), kindOf("execute_tool stamp"), kindOf("invoke_agent clerk")]).toEqual([
      "LLM",
      "TOOL",
      "AGENT",
    ]);
    const chats = kept.filter(({ name }) => name === "chat small-1");
    expect(chats).toHaveLength(3);
    for (const { attributes } of chats)
      expect(attributes).toMatchObject({ "llm.token_count.prompt": 120, "llm.token_count.completion": 35 });
  });
});
