/** Metrics in Prometheus' text format (version 0.0.4), with names as OpenTelemetry's conventions translate them. */

import type { HistogramPoint, Metric } from "./metric.ts";

/** The `content-type` of {@link prometheusText}. */
export const prometheusType = "text/plain; version=0.0.4; charset=utf-8";

const units: Readonly<Record<string, string>> = { s: "_seconds", By: "_bytes", "1": "_ratio" };

/**
 * Writes metrics as Prometheus reads them.
 *
 * @example
 * response.end(prometheusText(await system.metrics()));
 * @since 0.1.0
 */
export function prometheusText(metrics: readonly Metric[]): string {
  return metrics.map(family).join("");
}

function family(metric: Metric): string {
  const name = nameOf(metric);
  const lines = [`# HELP ${name} ${escaped(metric.description, false)}`, `# TYPE ${name} ${metric.kind}`];
  if (metric.kind === "histogram") for (const point of metric.points) lines.push(...histogram(name, point));
  else for (const { attributes, value } of metric.points) lines.push(`${name}${labels(attributes)} ${number(value)}`);
  return `${lines.join("\n")}\n`;
}

function nameOf({ name, unit, kind }: Metric): string {
  const base = `${name.replaceAll(/[^a-zA-Z0-9]/g, "_")}${units[unit] ?? ""}`;
  return kind === "counter" ? `${base}_total` : base;
}

function* histogram(name: string, { attributes, count, sum, buckets }: HistogramPoint): Iterable<string> {
  let below = 0;
  for (const { upTo, count: own } of buckets) {
    below += own;
    yield `${name}_bucket${labels({ ...attributes, le: String(upTo) })} ${below}`;
  }
  yield `${name}_bucket${labels({ ...attributes, le: "+Inf" })} ${count}`;
  yield `${name}_sum${labels(attributes)} ${number(sum)}`;
  yield `${name}_count${labels(attributes)} ${count}`;
}

function labels(attributes: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(attributes).map(
    ([name, value]) => `${name.replaceAll(/[^a-zA-Z0-9_]/g, "_")}="${escaped(value, true)}"`,
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(text: string, isLabel: boolean): string {
  const plain = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return isLabel ? plain.replaceAll('"', '\\"') : plain;
}

function number(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  return value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value);
}
