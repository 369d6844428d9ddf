/** Where spans go. */

import type { Span } from "./span.ts";

/**
 * Takes the spans of a system, on the thread that made it. `troupe/otel` makes one for backends of OpenTelemetry.
 *
 * @since 0.1.0
 */
export interface SpanSink {
  /**
   * Takes spans that have ended. It must return soon, and do later what takes time. Each span is given once, except the spans of a run
   * that was taken up again after its end: they come again, with the same ids.
   */
  take(spans: readonly Span[]): void;
  /** Called when the system has closed: no spans follow. `close` of the system waits for what it returns. */
  close?(): void | Promise<void>;
}
