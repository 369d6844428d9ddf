/** The names, and what has to be escaped. That others can read it is for `test/backends`. */

import { expect, it } from "vitest";
import { measure, newHistogram, pointOf } from "../../src/metrics/histogram.ts";
import { prometheusText } from "../../src/metrics/prometheus-text.ts";

it("names metrics with their units, and escapes what applications named", () => {
  const text = prometheusText([
    {
      name: "troupe.mailbox.messages",
      description: "a \\ b\nc",
      unit: "{message}",
      kind: "gauge",
      points: [{ attributes: { "troupe.thread": "1" }, value: 0.5 }],
    },
    {
      name: "troupe.things",
      description: "things",
      unit: "By",
      kind: "counter",
      points: [{ attributes: { name: 'a"b\\c\nd' }, value: 3 }],
    },
  ]);
  expect(text).toBe(`# HELP troupe_mailbox_messages a \\\\ b\\nc
# TYPE troupe_mailbox_messages gauge
troupe_mailbox_messages{troupe_thread="1"} 0.5
# HELP troupe_things_bytes_total things
# TYPE troupe_things_bytes_total counter
troupe_things_bytes_total{name="a\\"b\\\\c\\nd"} 3
`);
});

it("counts in a histogram what is up to each bound", () => {
  const histogram = newHistogram();
  for (const value of [0.0005, 0.001, 0.002, 0.3, 1_000]) measure(histogram, value);
  const lines = prometheusText([
    { name: "took", description: "", unit: "s", kind: "histogram", points: [pointOf(histogram, {})] },
  ]).split("\n");
  expect(lines.filter((line) => /le="(0.001|0.0025|0.25|0.5|300|\+Inf)"/.test(line))).toEqual([
    'took_seconds_bucket{le="0.001"} 2',
    'took_seconds_bucket{le="0.0025"} 3',
    'took_seconds_bucket{le="0.25"} 3',
    'took_seconds_bucket{le="0.5"} 4',
    'took_seconds_bucket{le="300"} 4',
    'took_seconds_bucket{le="+Inf"} 5',
  ]);
  expect(lines).toContain("took_seconds_count 5");
});
