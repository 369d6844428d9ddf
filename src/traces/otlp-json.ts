/**
 * Spans in the JSON form of OpenTelemetry's protocol (OTLP 1.x, `ExportTraceServiceRequest`): what any backend takes at `/v1/traces`.
 * Ids are hexadecimal there, 64-bit numbers are text, and enumerations are numbers.
 */

import type { Attributes, AttributeValue, Span } from "./span.ts";

/** `SpanKind` of the protocol; 1 is SPAN_KIND_INTERNAL. */
const kinds = { server: 2, client: 3, producer: 4, consumer: 5 } as const;
const failed = 2; // STATUS_CODE_ERROR

/**
 * Returns the request as a value that JSON carries. Spans that have not ended are left out: a backend would take them for ended ones. A
 * trace without its root is one that goes on.
 */
export function otlpJson(spans: readonly Span[], resource: Attributes): unknown {
  return {
    resourceSpans: [
      {
        resource: { attributes: keyValues(resource) },
        scopeSpans: [{ scope: { name: "troupe" }, spans: spans.filter(hasEnded).map(spanOf) }],
      },
    ],
  };
}

type Ended = Span & { readonly end: number };

function hasEnded(span: Span): span is Ended {
  return span.end !== undefined;
}

function spanOf({
  traceId,
  spanId,
  parentId,
  name,
  kind,
  start,
  end,
  failure,
  attributes,
  events,
  links,
}: Ended): unknown {
  return {
    traceId,
    spanId,
    ...(parentId === undefined ? {} : { parentSpanId: parentId }),
    name,
    kind: kind === undefined ? 1 : kinds[kind],
    startTimeUnixNano: nanoseconds(start),
    endTimeUnixNano: nanoseconds(end),
    attributes: keyValues(attributes),
    events: events.map((event) => ({
      name: event.name,
      timeUnixNano: nanoseconds(event.time),
      attributes: keyValues(event.attributes),
    })),
    links: links.map((link) => ({
      traceId: link.traceId,
      spanId: link.spanId,
      attributes: keyValues(link.attributes),
    })),
    status: failure === undefined ? {} : { code: failed, message: failure },
  };
}

function keyValues(attributes: Attributes): readonly unknown[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: AttributeValue): unknown {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value !== "number") return { arrayValue: { values: value.map(anyValue) } };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

/** A number of milliseconds, which may have a fraction, in whole nanoseconds, for which a number is not exact. */
function nanoseconds(milliseconds: number): string {
  const whole = Math.floor(milliseconds);
  return String(BigInt(whole) * 1_000_000n + BigInt(Math.round((milliseconds - whole) * 1e6)));
}
