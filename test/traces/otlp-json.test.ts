import { describe, expect, it } from "vitest";
import { otlpJson } from "../../src/traces/otlp-json.ts";
import type { Span } from "../../src/traces/span.ts";

const root: Span = {
  traceId: "0123456789abcdef0123456789abcdef",
  spanId: "0123456789abcdef",
  name: "invoke_workflow w",
  start: 1_795_970_360_590.6887,
  end: 1_795_970_360_591,
  failure: "timed-out",
  attributes: { text: "t", whole: 3, half: 0.5, yes: true, list: ["a", "b"] },
  events: [{ name: "exception", time: 1_795_970_360_591, attributes: { "exception.type": "timed-out" } }],
  links: [],
};
const child: Span = {
  traceId: root.traceId,
  spanId: "fedcba9876543210",
  parentId: root.spanId,
  name: "step s",
  start: root.start,
  attributes: {},
  events: [],
  links: [{ traceId: root.traceId, spanId: root.spanId, attributes: {} }],
};

const spansIn = (request: unknown): readonly unknown[] =>
  (request as { resourceSpans: { scopeSpans: { spans: unknown[] }[] }[] }).resourceSpans[0]!.scopeSpans[0]!.spans;

describe("a trace as OTLP's JSON", () => {
  it("has ids as they are, times to the nanosecond, and numbers by their kind", () => {
    expect(otlpJson([root], { "service.name": "shop" })).toEqual({
      resourceSpans: [
        {
          resource: { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] },
          scopeSpans: [
            {
              scope: { name: "troupe" },
              spans: [
                {
                  traceId: root.traceId,
                  spanId: root.spanId,
                  name: root.name,
                  kind: 1,
                  startTimeUnixNano: "1795970360590688721",
                  endTimeUnixNano: "1795970360591000000",
                  attributes: [
                    { key: "text", value: { stringValue: "t" } },
                    { key: "whole", value: { intValue: "3" } },
                    { key: "half", value: { doubleValue: 0.5 } },
                    { key: "yes", value: { boolValue: true } },
                    { key: "list", value: { arrayValue: { values: [{ stringValue: "a" }, { stringValue: "b" }] } } },
                  ],
                  events: [
                    {
                      name: "exception",
                      timeUnixNano: "1795970360591000000",
                      attributes: [{ key: "exception.type", value: { stringValue: "timed-out" } }],
                    },
                  ],
                  links: [],
                  status: { code: 2, message: "timed-out" },
                },
              ],
            },
          ],
        },
      ],
    });
  });

  it("leaves out what has not ended", () => {
    expect(spansIn(otlpJson([root, child], {}))).toHaveLength(1);
    expect(spansIn(otlpJson([{ ...child, end: child.start }], {}))).toMatchObject([
      { parentSpanId: root.spanId, status: {}, links: [{ spanId: root.spanId }] },
    ]);
  });
});
