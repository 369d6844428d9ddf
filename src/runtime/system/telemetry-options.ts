/** The option `telemetry` of a system: its check, and what comes of it. */

import * as v from "valibot";
import type { TraceOptions } from "../../traces/content.ts";
import type { SpanSink } from "../../traces/span-sink.ts";
import { attempt } from "../../errors/foreign-value.ts";
import type { TelemetrySettings } from "../telemetry/trace-collector.ts";

/**
 * Where the traces of a system go, and what is in them.
 *
 * @since 0.1.0
 */
export interface TelemetryOptions extends TraceOptions {
  /** Takes the spans, or several that each take all. */
  readonly traces: SpanSink | readonly SpanSink[];
  /**
   * Which share of traces is recorded, from 0 to 1. A trace is recorded whole or not at all, as its id decides; the spans of a run that
   * failed, which are made from its history, are kept in any case. Default 1.
   */
  readonly sample?: number;
}

const sink = v.custom<SpanSink>(
  (value) => attempt(() => typeof (value as SpanSink).take === "function") === true,
  "expected an object with the method take",
);

export const telemetrySchema = v.strictObject({
  traces: v.union([sink, v.array(sink)]),
  sample: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  content: v.optional(v.picklist(["none", "all"])),
  redact: v.optional(v.function()),
});

export function telemetryOf({ traces, sample = 1, content = "none", redact }: TelemetryOptions): TelemetrySettings {
  const sinks = "take" in traces ? [traces] : [...traces];
  return { sinks, share: sample, content, ...(redact === undefined ? {} : { redact }) };
}
