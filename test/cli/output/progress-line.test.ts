import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ProgressLine } from "../../../src/cli/output/progress-line.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

function begin(columns?: number) {
  const written: string[] = [];
  const write = (text: string): void => void written.push(text);
  return { written, line: new ProgressLine({ write, ...(columns === undefined ? {} : { columns }) }) };
}

describe("a progress line", () => {
  it("shows the newest text, not all that come", () => {
    const { line, written } = begin();
    for (let n = 1; n <= 100; n++) line.show(`${n} of 100`);
    expect(written).toEqual([]);
    vi.runAllTimers();
    expect(written).toEqual(["\r\u001b[K100 of 100"]);
    line.show("done");
    vi.runAllTimers();
    expect(written.slice(1)).toEqual(["\r\u001b[Kdone"]);
  });

  it("makes room for other lines, once, and shows nothing afterwards", () => {
    const { line, written } = begin();
    line.clear();
    line.show("one");
    line.clear();
    vi.runAllTimers();
    expect(written).toEqual([]);
    line.show("two");
    vi.runAllTimers();
    line.clear();
    line.clear();
    expect(written).toEqual(["\r\u001b[Ktwo", "\r\u001b[K"]);
  });

  it.each([
    [10, 9],
    [0, 79],
    [undefined, 79],
  ])("is never longer than a terminal of %s columns is wide", (columns, length) => {
    const { line, written } = begin(columns);
    line.show("x".repeat(100));
    vi.runAllTimers();
    expect(written).toEqual([`\r\u001b[K${"x".repeat(length)}`]);
  });
});
