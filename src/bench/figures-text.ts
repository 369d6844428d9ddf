/** Figures as tables of text. */

import type { Figure } from "./figure.ts";

/**
 * A table that sets each figure beside the earlier one of the same bench, subject and unit, with the value now over the value before. A figure
 * that only one side has keeps its line, and the other side of it is empty.
 *
 * @example
 * console.log(compareFigures(figuresIn(await readFile("before.jsonl", "utf8")), await runBench(selling)));
 * @since 0.1.0
 * @experimental
 */
export function compareFigures(before: readonly Figure[], after: readonly Figure[]): string {
  const nameOf = ({ bench, subject, unit }: Figure): string => `${bench}: ${subject}, ${unit}`;
  const earlier = new Map(before.map((figure) => [nameOf(figure), figure]));
  const rows = after.map((figure) => {
    const then = earlier.get(nameOf(figure));
    earlier.delete(nameOf(figure));
    const change = then === undefined ? "" : `${(figure.value / then.value).toFixed(2)}×`;
    return [
      figure.bench,
      figure.subject,
      then === undefined ? "" : shown(then.value),
      shown(figure.value),
      figure.unit,
      change,
    ];
  });
  const gone = [...earlier.values()].map(({ bench, subject, value, unit }) => [
    bench,
    subject,
    shown(value),
    "",
    unit,
    "",
  ]);
  return table(["bench", "subject", "before", "now", "unit", "change"], [...rows, ...gone], new Set([2, 3, 5]));
}

/**
 * A table of figures: a line for each, under a line of titles.
 *
 * @example
 * console.log(formatFigures(await runBench(selling)));
 * @since 0.1.0
 * @experimental
 */
export function formatFigures(figures: readonly Figure[]): string {
  const rows = figures.map(({ bench, subject, value, unit, ratio, spread }) => [
    bench,
    subject,
    shown(value),
    unit,
    ratio === null ? "" : ratio.toFixed(2),
    `${Math.round(spread * 100)} %`,
  ]);
  return table(["bench", "subject", "value", "unit", "ratio", "spread"], rows, new Set([2, 4, 5]));
}

function shown(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(3);
}

function table(header: readonly string[], rows: readonly (readonly string[])[], isNumber: ReadonlySet<number>): string {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        isNumber.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return [line(header), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(line)].join("\n");
}
