/** Spans as data: what a trace is made of. */

/**
 * What an attribute of a span may be.
 *
 * @since 0.1.0
 */
export type AttributeValue = string | number | boolean | readonly string[];

/**
 * Facts about a span, by name: OpenTelemetry's `gen_ai.…`, where its conventions have one, and `troupe.…`.
 *
 * @since 0.1.0
 */
export type Attributes = Readonly<Record<string, AttributeValue>>;

/**
 * Which side of a message a span is, after OpenTelemetry: who asks, who is asked, who tells, who is told.
 *
 * @since 0.1.0
 */
export type SpanKind = "client" | "server" | "producer" | "consumer";

/**
 * Something that happened at one moment of a span.
 *
 * @since 0.1.0
 */
export interface SpanEvent {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly attributes: Attributes;
}

/**
 * Another span that a span has to do with, and that is not its parent.
 *
 * @since 0.1.0
 */
export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
}

/**
 * A stretch of time in which one thing was done, after OpenTelemetry's data model. Plain data that JSON carries.
 *
 * @since 0.1.0
 */
export interface Span {
  /** 32 hexadecimal digits: the same for all spans of a run. */
  readonly traceId: string;
  /** 16 hexadecimal digits. Derived from the trace and from what the span is about: what is made twice is the same. */
  readonly spanId: string;
  /** The `spanId` of the span that this one is a part of; absent for the root. */
  readonly parentId?: string;
  readonly name: string;
  /** Absent for what is done within one place. */
  readonly kind?: SpanKind;
  /** Milliseconds since the epoch. */
  readonly start: number;
  /** Milliseconds since the epoch, never before `start`; absent while it goes on. */
  readonly end?: number;
  /** What kind of failure it ended with: an error code, or the name of a JavaScript error. Absent for none. */
  readonly failure?: string;
  readonly attributes: Attributes;
  /** In the order of their times. */
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
}
