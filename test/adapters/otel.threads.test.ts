/** What a backend gets of threads that die: over HTTP, in protobuf. */

import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { expect, it } from "vitest";
import { createSystem } from "troupe";
import { otel } from "troupe/otel";
import { buoy, diving } from "../fixtures/divers.ts";
import { moodyBackend } from "../fixtures/moody-backend.ts";
import { spansIn, type SpanOnWire } from "./otlp-bytes.ts";

it("has each span once and in one that it got too, where a thread dies in the middle of a run", async () => {
  const got: SpanOnWire[] = [];
  await using backend = await moodyBackend((body) => got.push(...spansIn(body)));
  const traces = otel(new OTLPTraceExporter({ url: backend.url }), { batch: 4, delay: 0 });
  const system = await createSystem({ threads: 2, logger: false, telemetry: { traces, sample: 1 } });
  await system.spawn(buoy, { name: "buoy", placement: { thread: 0 } });
  expect(await system.run(diving, { depth: 7 }).result).toBe(3); // marks
  await system.close();

  const byId = new Map(got.map((span) => [span.id, span]));
  expect(got).toHaveLength(byId.size);
  expect(got.filter(({ parent }) => parent !== undefined && !byId.has(parent))).toEqual([]);
  const count = (name: string): number => got.filter((span) => span.name === name).length;
  // one attempt more than steps, whose code's spans ended as lost
  const code = ["invoke_agent diver", "execute diver", "dive", "ask mark", "buoy mark", "commit depths"];
  expect(code.map(count)).toEqual(code.map(() => 3));
  expect(count("invoke_workflow diving")).toBe(1);
  expect(got.filter(({ name }) => /^thread \d+ died$/.test(name))).toHaveLength(1);
  expect(traces.stats).toEqual({ exported: got.length, dropped: 0, waiting: 0 });
});
