/** The option `telemetry` of a system: its check, and what comes of it. */

import * as v from "valibot";
import type { TraceOptions } from "../../traces/content.ts";
import type { SpanSink } from "../../traces/span-sink.ts";
import type { Sample } from "../../traces/sampling.ts";
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
   * Which traces are recorded, each of them whole or not at all: a share from 0 to 1, which the trace's id decides; or how many runs, and on
   * each thread how many other traces, that begin in a second, on average over ten seconds. The spans of a run that failed, which are made from
   * its history, are kept in any case. A run whose caller has a trace is recorded if that is. Default `{ perSecond: 20 }`.
   */
  readonly sample?: number | { readonly perSecond: number };
}

/** Enough to see what goes on, and so few that recording them is not seen in the system's speed. */
export const usualSample: Sample = { perSecond: 20 };

const sink = v.custom<SpanSink>(
  (value) => attempt(() => typeof (value as SpanSink).take === "function") === true,
  "expected an object with the method take",
);

export const telemetrySchema = v.strictObject({
  traces: v.union([sink, v.array(sink)]),
  sample: v.optional(
    v.union([
      v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
      v.strictObject({ perSecond: v.pipe(v.number(), v.minValue(0), v.finite()) }),
    ]),
  ),
  content: v.optional(v.picklist(["none", "all"])),
  redact: v.optional(v.function()),
});

export function telemetryOf({
  traces,
  sample = usualSample,
  content = "none",
  redact,
}: TelemetryOptions): TelemetrySettings {
  const sinks = "take" in traces ? [traces] : [...traces];
  return { sinks, sample, content, ...(redact === undefined ? {} : { redact }) };
}
