/** What the exporter puts on the wire is, decoded by the official classes of OpenTelemetry, what was recorded: field by field. */

import { once } from "node:events";
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { otel } from "../../src/adapters/otel/otel.ts";
import type { Attributes, AttributeValue, Span, SpanKind } from "../../src/index.ts";
import { pythonWith } from "./python.ts";

const id = (digits: number): fc.Arbitrary<string> =>
  fc
    .array(fc.integer({ min: 0, max: 15 }), { minLength: digits - 1, maxLength: digits - 1 })
    .map((rest) => `1${rest.map((digit) => digit.toString(16)).join("")}`);

const text = fc.string({ unit: "binary", maxLength: 20 }).filter((value) => Buffer.from(value).toString() === value);
const attributes: fc.Arbitrary<Attributes> = fc.dictionary(
  text.filter((name) => name !== "" && name !== "__proto__"),
  fc.oneof(text, fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.array(text)),
  { maxKeys: 4, noNullPrototype: true },
);
/** Milliseconds of our time, with a fraction that is whole in nanoseconds. */
const time = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 41 }), fc.integer({ min: 0, max: 7 }))
  .map(([whole, eighths]) => whole + eighths / 8);

const spans: fc.Arbitrary<Span> = fc
  .record(
    {
      traceId: id(32),
      spanId: id(16),
      parentId: id(16),
      name: text,
      kind: fc.constantFrom<SpanKind>("client", "server", "producer", "consumer"),
      start: time,
      lasts: fc.integer({ min: 0, max: 100_000 }),
      failure: text.filter((value) => value !== ""),
      attributes,
      events: fc.array(fc.record({ name: text, time, attributes }), { maxLength: 3 }),
      links: fc.array(fc.record({ traceId: id(32), spanId: id(16), attributes }), { maxLength: 3 }),
    },
    { requiredKeys: ["traceId", "spanId", "name", "start", "lasts", "attributes", "events", "links"] },
  )
  .map(({ lasts, ...span }) => ({ ...span, end: span.start + lasts }));

const nanoseconds = (ms: number): string => String(BigInt(Math.floor(ms)) * 1_000_000n + BigInt((ms % 1) * 1e6));
const kinds = { server: 2, client: 3, producer: 4, consumer: 5 };

function wireValue(value: AttributeValue): unknown {
  if (typeof value === "string") return { string_value: value };
  if (typeof value === "boolean") return { bool_value: value };
  if (typeof value === "number")
    return Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63
      ? { int_value: String(BigInt(value)) }
      : { double_value: value };
  return value.map(wireValue);
}

const wireAttributes = (given: Attributes): unknown =>
  Object.fromEntries(Object.entries(given).map(([name, value]) => [name, wireValue(value)]));

const wireSpan = ({
  kind,
  parentId = "",
  start,
  end = Number.NaN,
  failure,
  events,
  links,
  ...span
}: Span): unknown => ({
  ...span,
  parentId,
  kind: kind === undefined ? 1 : kinds[kind],
  start: nanoseconds(start),
  end: nanoseconds(end),
  attributes: wireAttributes(span.attributes),
  events: events.map((event) => [event.name, nanoseconds(event.time), wireAttributes(event.attributes)]),
  links: links.map((link) => [link.traceId, link.spanId, wireAttributes(link.attributes)]),
  status: failure === undefined ? [0, ""] : [2, failure],
  unread: 0,
});

it("says in protobuf what was recorded", async () => {
  const python = join(pythonWith("otlp", "opentelemetry-proto"), "python");
  const decoder = spawn(python, [fileURLToPath(new URL("decode.py", import.meta.url))], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const decoded = createInterface({ input: decoder.stdout })[Symbol.asyncIterator]();
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      decoder.stdin.write(`${body.toString("base64")}\n`);
      response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`;
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(spans, { minLength: 1, maxLength: 5 }), attributes, async (some, resource) => {
        const sink = otel(new OTLPTraceExporter({ url }), { service: "shop", resource });
        sink.take(some);
        await sink.close();
        expect(sink.stats.exported).toBe(some.length);
        const { value } = await decoded.next();
        expect(JSON.parse(String(value))).toEqual([
          [wireAttributes({ "service.name": "shop", ...resource }), "troupe", some.map(wireSpan)],
        ]);
      }),
      { numRuns: 1_000 },
    );
  } finally {
    decoder.kill();
    server.close();
  }
});
