/** A span in the form that exporters of OpenTelemetry's SDK 2 take: what they read of its `ReadableSpan`. */

import type { Attributes, Span } from "../../traces/span.ts";

/** Seconds, and nanoseconds beyond them. */
type HrTime = [seconds: number, nanoseconds: number];

interface SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
}

export interface ReadableSpan {
  readonly name: string;
  readonly kind: number;
  readonly spanContext: () => SpanContext;
  readonly parentSpanContext?: SpanContext;
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly duration: HrTime;
  readonly ended: boolean;
  readonly status: { readonly code: number; readonly message?: string };
  readonly attributes: Attributes;
  readonly events: readonly unknown[];
  readonly links: readonly unknown[];
  readonly resource: OtelResource;
  readonly instrumentationScope: { readonly name: string };
  readonly droppedAttributesCount: number;
  readonly droppedEventsCount: number;
  readonly droppedLinksCount: number;
}

/** Where spans come from: the same for all of a process. */
export interface OtelResource {
  readonly attributes: Attributes;
  readonly asyncAttributesPending: false;
}

/** `SpanKind` of the API. */
const kinds = { server: 1, client: 2, producer: 3, consumer: 4 } as const;
const internal = 0;

const unset = 0; // SpanStatusCode.UNSET
const failed = 2; // SpanStatusCode.ERROR

const scope = { name: "troupe" };

export function readableSpan(span: Span, resource: OtelResource): ReadableSpan {
  const { traceId, spanId, parentId, name, kind, start, end = start, failure } = span;
  return {
    name,
    kind: kind === undefined ? internal : kinds[kind],
    spanContext: () => contextOf(traceId, spanId),
    ...(parentId === undefined ? {} : { parentSpanContext: contextOf(traceId, parentId) }),
    startTime: hrTime(start),
    endTime: hrTime(end),
    duration: hrTime(end - start),
    ended: true,
    status: failure === undefined ? { code: unset } : { code: failed, message: failure },
    attributes: span.attributes,
    events: span.events.map((event) => ({
      name: event.name,
      time: hrTime(event.time),
      attributes: event.attributes,
      droppedAttributesCount: 0,
    })),
    links: span.links.map((link) => ({
      context: contextOf(link.traceId, link.spanId),
      attributes: link.attributes,
      droppedAttributesCount: 0,
    })),
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function contextOf(traceId: string, spanId: string): SpanContext {
  return { traceId, spanId, traceFlags: 1 };
}

function hrTime(milliseconds: number): HrTime {
  const seconds = Math.floor(milliseconds / 1_000);
  return [seconds, Math.min(999_999_999, Math.round((milliseconds - seconds * 1_000) * 1e6))];
}
