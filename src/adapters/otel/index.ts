/** `troupe/otel`: the traces of a system for exporters of OpenTelemetry. */

export { otel, type OtelOptions, type OtelSink, type OtelStats, type SpanExporter } from "./otel.ts";
export { type OtelApi, withActiveSpan } from "./with-active-span.ts";
