/** The spans of the newest traces, for the runs that a page looks at. */

import type { Span } from "../../traces/span.ts";
import type { SpanSink } from "../../traces/span-sink.ts";

/** How many spans are kept in all, and of one trace (invariant 7). */
const mostSpans = 20_000;
const mostOfTrace = 2_000;

export class SpanMemory implements SpanSink {
  /** By trace. The trace that got a span last is at the end. */
  readonly #traces = new Map<string, Map<string, Span>>();
  #count = 0;

  take(spans: readonly Span[]): void {
    for (const span of spans) {
      const trace = this.#traces.get(span.traceId) ?? new Map<string, Span>();
      this.#traces.delete(span.traceId);
      this.#traces.set(span.traceId, trace);
      if (trace.size >= mostOfTrace) continue;
      if (!trace.has(span.spanId)) this.#count++;
      trace.set(span.spanId, span);
    }
    for (const [id, trace] of this.#traces) {
      if (this.#count <= mostSpans) break;
      this.#traces.delete(id);
      this.#count -= trace.size;
    }
  }

  /** All that is kept, in no order. */
  *all(): Generator<Span> {
    for (const trace of this.#traces.values()) yield* trace.values();
  }

  /** What is kept of a trace, in no order. */
  of(traceId: string): readonly Span[] {
    return [...(this.#traces.get(traceId)?.values() ?? [])];
  }
}
