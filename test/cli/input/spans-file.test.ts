import { expect, it } from "vitest";
import { spansOfRunIn } from "../../../src/cli/input/spans-file.ts";

const span = (traceId: string, spanId: string, more: object = {}): string =>
  JSON.stringify({ traceId, spanId, name: spanId, start: 1, end: 2, attributes: {}, events: [], links: [], ...more });
const root = (traceId: string, run: string): string =>
  span(traceId, `root-${traceId}`, { attributes: { "troupe.run.id": run } });

const file = [
  span("a", "inside-a", { parentId: "root-a" }),
  root("b", "second"),
  span("b", "inside-b", { name: "before" }),
  root("a", "first"),
  span("b", "inside-b", { name: "after" }),
  "",
].join("\n");

const names = (text: string, run: string): string[] => spansOfRunIn(text, "x.jsonl", run).map(({ name }) => name);

it("has the spans of the run's trace, the run's own first, and each as it was written last", () => {
  expect(names(file, "first")).toEqual(["root-a", "inside-a"]);
  expect(names(file, "second")).toEqual(["root-b", "after"]);
});

it("leaves out a last line that has no end", () => {
  expect(names(`${file}{"traceId":"a","spa`, "first")).toEqual(["root-a", "inside-a"]);
});

it.each([
  [
    "a run that it does not have",
    file,
    "third",
    "x.jsonl: has no spans of the run third; it has those of second, first",
  ],
  ["a file of nothing", "", "first", "x.jsonl: has no spans of the run first; it has none of a run"],
  ["what is no JSON", `${file}oops\n`, "first", "x.jsonl:6: is not JSON"],
  ["what is no span", `${file}{"traceId":"a"}\n`, "first", "x.jsonl:6: is no span: spanId is wrong"],
  ["a value that is none", `${file}[1]\n`, "first", "x.jsonl:6: is no span"],
  [
    "an attribute that is none",
    `${span("a", "s", { attributes: { a: { b: 1 } } })}\n`,
    "first",
    "x.jsonl:1: is no span: attributes.a is wrong",
  ],
])("says what is wrong with %s", (_, text, run, message) => {
  expect(() => spansOfRunIn(text, "x.jsonl", run)).toThrow(message);
});
