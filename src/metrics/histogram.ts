/** A histogram with fixed bounds. Plain data, so that those of several threads are put together. */

import type { HistogramPoint } from "./metric.ts";

export interface Histogram {
  count: number;
  sum: number;
  /** How many values were in each bucket; the last one is for what is above all bounds. */
  readonly counts: number[];
}

/** Seconds: from what an agent that does nothing takes to what a large model may. */
const seconds: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 300,
];

export function newHistogram(): Histogram {
  return { count: 0, sum: 0, counts: Array.from({ length: seconds.length + 1 }, () => 0) };
}

export function measure(histogram: Histogram, value: number): void {
  histogram.count++;
  histogram.sum += value;
  let at = 0;
  while (at < seconds.length && value > (seconds[at] as number)) at++;
  histogram.counts[at] = (histogram.counts[at] as number) + 1;
}

/** Adds what another one has. */
export function add(to: Histogram, { count, sum, counts }: Histogram): void {
  to.count += count;
  to.sum += sum;
  for (const [i, one] of counts.entries()) to.counts[i] = (to.counts[i] as number) + one;
}

export function pointOf(
  { count, sum, counts }: Histogram,
  attributes: Readonly<Record<string, string>>,
): HistogramPoint {
  return { attributes, count, sum, buckets: seconds.map((upTo, i) => ({ upTo, count: counts[i] as number })) };
}
