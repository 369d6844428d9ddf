/** Metrics as data, after OpenTelemetry's data model. */

/**
 * One value of a metric, with what tells it from the others.
 *
 * @since 0.1.0
 */
export interface MetricPoint {
  readonly attributes: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * How many values were measured in each bucket, in all, and their sum.
 *
 * @since 0.1.0
 */
export interface HistogramPoint {
  readonly attributes: Readonly<Record<string, string>>;
  readonly count: number;
  readonly sum: number;
  /** Ascending; each counts the values up to its bound that are above the one before. What is above the last bound is in none. */
  readonly buckets: readonly { readonly upTo: number; readonly count: number }[];
}

/**
 * A metric with its values now. `counter`: counts up from the start of the system. `gauge`: how it stands. Names and units are OpenTelemetry's
 * conventions where these have one, and `troupe.…` elsewhere.
 *
 * @since 0.1.0
 */
export type Metric = {
  readonly name: string;
  readonly description: string;
  /** `"s"`, `"By"` for bytes, `"1"` for a share from 0 to 1, or what is counted, such as `"{message}"`. */
  readonly unit: string;
} & (
  | { readonly kind: "counter" | "gauge"; readonly points: readonly MetricPoint[] }
  | { readonly kind: "histogram"; readonly points: readonly HistogramPoint[] }
);
