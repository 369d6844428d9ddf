import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MODES } from "../../../examples/credit/mode.ts";
import { type ProgressStream, progressLine, progressPrinter } from "../../../examples/credit/progress.ts";

describe("progressLine", () => {
  it("has a bar, the figures and the share", () => {
    expect(progressLine({ mode: "relay", done: 125, total: 500 })).toBe(
      "relay         [######------------------]  125/500   25 %",
    );
    expect(progressLine({ mode: "stale-cache", done: 499, total: 500 })).toBe(
      "stale-cache   [#######################-]  499/500   99 %",
    );
    expect(progressLine({ mode: "switching", done: 500, total: 500 })).toBe(
      "switching     [########################]  500/500  100 %",
    );
    expect(progressLine({ mode: "relay", done: 0, total: 0 })).toContain("100 %");
  });

  it("gives up the bar, then its end, to fit", () => {
    expect(progressLine({ mode: "relay", done: 5, total: 10, width: 40 })).toBe("relay          5/10   50 %");
    expect(progressLine({ mode: "relay", done: 5, total: 10, width: 5 })).toBe("relay");
    expect(progressLine({ mode: "relay", done: 5, total: 10, width: -1 })).toBe("");
  });

  it("fits in any width, and keeps its length while it counts", () => {
    const count = fc.integer({ min: 0, max: 100_000 });
    fc.assert(
      fc.property(
        fc.constantFrom(...MODES),
        count,
        count,
        fc.integer({ min: 0, max: 120 }),
        (mode, done, total, width) => {
          const line = progressLine({ mode, done, total, width });
          expect(line.length).toBeLessThanOrEqual(width);
          expect(line.length).toBe(progressLine({ mode, done: 0, total, width }).length);
        },
      ),
    );
  });
});

/** What a terminal of one line shows, and all that was written. */
function terminal(options: { readonly isTTY?: boolean; readonly columns?: number }) {
  const written: string[] = [];
  const stream: ProgressStream = { ...options, write: (text) => written.push(text) };
  const screen = (): string => {
    const cells: string[] = [];
    let at = 0;
    for (const char of written.join("")) {
      if (char === "\r") at = 0;
      else cells[at++] = char;
    }
    return cells.join("").trimEnd();
  };
  return { stream, written, screen };
}

describe("progressPrinter", () => {
  it("writes the line over, and wipes it", () => {
    const { stream, screen, written } = terminal({ isTTY: true, columns: 80 });
    const printer = progressPrinter(stream);
    printer.update({ mode: "switching", done: 9, total: 100_000 });
    printer.update({ mode: "relay", done: 1, total: 2 });
    expect(screen()).toBe(progressLine({ mode: "relay", done: 1, total: 2 }));
    printer.clear();
    expect(screen()).toBe("");
    expect(written.at(-1)?.endsWith("\r")).toBe(true);
    expect(written.join("")).not.toContain("\n");
    expect(written.join("")).not.toContain("\u001B");
  });

  it("writes nothing twice, and nothing to wipe nothing", () => {
    const { stream, written } = terminal({ isTTY: true });
    const printer = progressPrinter(stream);
    printer.clear();
    printer.update({ mode: "relay", done: 1, total: 2 });
    printer.update({ mode: "relay", done: 1, total: 2 });
    expect(written).toHaveLength(1);
  });

  it("leaves the last column free", () => {
    const { stream, screen } = terminal({ isTTY: true, columns: 20 });
    progressPrinter(stream).update({ mode: "stale-cache", done: 1, total: 500 });
    expect(screen()).toHaveLength(19);
  });

  it.each([{ isTTY: false }, {}])("writes a line every two seconds where there is no terminal: %j", (options) => {
    const { stream, written } = terminal(options);
    let time = 0;
    const printer = progressPrinter(stream, () => time);
    for (const mode of ["relay", "switching"] as const) {
      for (let done = 1; done <= 10; done++) {
        time += 500;
        printer.update({ mode, done, total: 10 });
        printer.clear();
      }
    }
    const lines = (mode: "relay" | "switching") => [5, 9].map((done) => `${progressLine({ mode, done, total: 10 })}\n`);
    expect(written).toEqual([...lines("relay"), ...lines("switching")]);
  });
});
