import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { traceFile } from "../../../src/runtime/telemetry/trace-file.ts";
import type { Span } from "../../../src/traces/span.ts";
import { temporaryFiles } from "../../cli/temporary-files.ts";

const { folder, write } = temporaryFiles();

const spansOf = (count: number, text = "x"): Span[] =>
  Array.from({ length: count }, (_, n) => ({
    traceId: "1".repeat(32),
    spanId: n.toString(16).padStart(16, "0"),
    name: `span ${n}`,
    start: 1,
    end: 2,
    attributes: { text },
    events: [],
    links: [],
  }));

const linesOf = (path: string): unknown[] =>
  readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);

it("appends a line for each span, after what is there", async () => {
  const path = join(folder, "traces.jsonl");
  const first = traceFile(path);
  first.take(spansOf(3));
  first.take(spansOf(1, "line\nbreak"));
  await first.close();
  expect(linesOf(path)).toEqual([...spansOf(3), ...spansOf(1, "line\nbreak")]);
  const second = traceFile(path);
  second.take(spansOf(1));
  await second.close();
  expect(linesOf(path)).toHaveLength(5);
  expect([first.dropped, second.dropped]).toEqual([0, 0]);
});

it("makes no file of nothing", async () => {
  const path = join(folder, "nothing.jsonl");
  await traceFile(path).close();
  expect(() => readFileSync(path)).toThrow("ENOENT");
});

it("keeps no more in memory than it may, and counts what it drops", async () => {
  const path = join(folder, "large.jsonl");
  const file = traceFile(path);
  const megabyte = "x".repeat(1_048_576);
  for (let n = 0; n < 40; n++) file.take(spansOf(1, megabyte)); // the disk has no turn meanwhile
  expect(file.dropped).toBeGreaterThan(20);
  await file.close();
  expect(linesOf(path)).toHaveLength(40 - file.dropped);
});

it("says once that the file can't be written, and counts what that loses", async () => {
  write("blocked", "a file, and no folder");
  const file = traceFile(join(folder, "blocked", "traces.jsonl"));
  file.take(spansOf(2));
  await expect(file.close()).rejects.toThrow(/blocked.traces\.jsonl can't be written/);
  file.take(spansOf(3));
  expect(file.dropped).toBe(5);
});

it.each([undefined, "", 7])("refuses the path %s", (path) => {
  expect(() => traceFile(path as never)).toThrow(expect.objectContaining({ code: "invalid-options" }));
});
