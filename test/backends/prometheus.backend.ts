/** Prometheus' own parser reads what metrics are written as. */

import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { type HistogramPoint, type Metric, prometheusText } from "../../src/index.ts";
import { measure, newHistogram, pointOf } from "../../src/metrics/histogram.ts";
import { pythonWith } from "./python.ts";

const name = fc
  .stringMatching(/^[a-z]{1,8}(\.[a-z_]{1,8}){0,3}$/)
  .filter((text) => !/_(total|created|bucket|sum|count|info|gsum|gcount)$/.test(text));
const text = fc
  .string({ unit: "grapheme", maxLength: 12 })
  .map((value) => value.replaceAll(/[^\P{Cc}\n]|[\p{Zl}\p{Zp}]/gu, " ")); // what the parser takes for the end of a line
const attributes = fc.dictionary(
  fc.stringMatching(/^[a-z]{1,6}(\.[a-z]{1,6})?$/).filter((label) => label !== "le"),
  text,
  { maxKeys: 3, noNullPrototype: true },
);
const value = fc.oneof(fc.integer(), fc.double({ noNaN: true }));
const about = { description: text, unit: fc.constantFrom("s", "By", "1", "{thing}") };

const metric: fc.Arbitrary<Metric> = fc.oneof(
  fc.record({
    name,
    ...about,
    kind: fc.constantFrom("counter" as const, "gauge" as const),
    points: fc.uniqueArray(fc.record({ attributes, value }), {
      maxLength: 4,
      selector: (point) => JSON.stringify(point.attributes),
    }),
  }),
  fc.record({
    name,
    ...about,
    kind: fc.constant("histogram" as const),
    points: fc.uniqueArray(
      fc
        .record({ attributes, values: fc.array(fc.double({ min: 0, max: 1e6, noNaN: true })) })
        .map(({ attributes: given, values }) => {
          const histogram = newHistogram();
          for (const one of values) measure(histogram, one);
          return pointOf(histogram, given);
        }),
      { maxLength: 3, selector: (point) => JSON.stringify(point.attributes) },
    ),
  }),
);

const units: Readonly<Record<string, string>> = { s: "_seconds", By: "_bytes", "1": "_ratio" };
const plainName = (dotted: string): string => dotted.replaceAll(".", "_");
const labelsOf = (given: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(given).map(([label, one]) => [plainName(label), one]));

type Sample = readonly [name: string, labels: Readonly<Record<string, string>>, value: number];

function* samplesOf(family: string, { attributes: given, count, sum, buckets }: HistogramPoint): Generator<Sample> {
  let below = 0;
  for (const bucket of buckets) {
    below += bucket.count;
    yield [`${family}_bucket`, { ...labelsOf(given), le: String(bucket.upTo) }, below];
  }
  yield [`${family}_bucket`, { ...labelsOf(given), le: "+Inf" }, count];
  yield [`${family}_sum`, labelsOf(given), sum];
  yield [`${family}_count`, labelsOf(given), count];
}

function expected(one: Metric): readonly unknown[] {
  const family = `${plainName(one.name)}${units[one.unit] ?? ""}`;
  const samples: readonly Sample[] =
    one.kind === "histogram"
      ? one.points.flatMap((point) => [...samplesOf(family, point)])
      : one.points.map((point) => [
          one.kind === "counter" ? `${family}_total` : family,
          labelsOf(point.attributes),
          point.value,
        ]);
  return [family, one.kind, samples];
}

const numberOf = (python: string): number => Number(python.replace("inf", "Infinity"));

it("parses as what it was", async () => {
  const python = join(pythonWith("prometheus", "prometheus-client"), "python");
  const parser = spawn(python, [fileURLToPath(new URL("parse_metrics.py", import.meta.url))], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const parsed = createInterface({ input: parser.stdout })[Symbol.asyncIterator]();
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(metric, { maxLength: 4, selector: (one) => plainName(one.name) }),
        async (metrics) => {
          parser.stdin.write(`${JSON.stringify(prometheusText(metrics))}\n`);
          const { value: line } = await parsed.next();
          const families = JSON.parse(String(line)) as readonly [
            string,
            string,
            string,
            readonly (readonly [string, object, string])[],
          ][];
          const read = families.map(([family, , kind, samples]) => [
            family,
            kind,
            samples.map(([sample, labels, one]) => [sample, labels, numberOf(one)]),
          ]);
          expect(read).toEqual(metrics.map(expected));
        },
      ),
      { numRuns: 1_000 },
    );
  } finally {
    parser.kill();
  }
});
