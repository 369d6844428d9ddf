/** Measures subjects side by side: round after round, each subject in turn, so that noise meets all alike. */

export interface Subject {
  readonly name: string;
  /** Runs once and returns the figure. */
  run(): Promise<number>;
}

export interface Group {
  readonly bench: string;
  readonly unit: string;
  /** The name of the subject that ratios are taken against; absent where there is none. */
  readonly baseline?: string;
  readonly subjects: readonly Subject[];
  readonly rounds: number;
}

/** One figure: the median over the rounds. */
export interface Figure {
  readonly bench: string;
  readonly subject: string;
  readonly value: number;
  readonly unit: string;
  readonly baseline: string | null;
  /** The value over the baseline's in the same run. */
  readonly ratio: number | null;
  /** The distance between the quartiles over the median. */
  readonly spread: number;
}

/** A topic: what one file measures, and what it does not. */
export interface Topic {
  readonly name: string;
  readonly about: string;
  /** @param against the folder of another version's checkout, which is built: what can be compared with it is. */
  run(against?: string): Promise<readonly Figure[]>;
}

/** Runs a group: one round to warm up, then the rounds that count. */
export async function measure({ bench, unit, baseline, subjects, rounds }: Group): Promise<Figure[]> {
  const values = new Map<string, number[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const subject of subjects) {
      const value = await subject.run();
      if (round > 0) values.get(subject.name)?.push(value);
    }
  }
  const medianOf = (name: string): number => quantile(values.get(name) ?? [], 0.5);
  return subjects.map(({ name }) => {
    const measured = values.get(name) ?? [];
    const value = medianOf(name);
    return {
      bench,
      subject: name,
      value,
      unit,
      baseline: baseline ?? null,
      ratio: baseline === undefined ? null : value / medianOf(baseline),
      spread: (quantile(measured, 0.75) - quantile(measured, 0.25)) / value,
    };
  });
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

/** How many times a second `count` things were done since `start` (of `performance.now()`). */
export function perSecond(count: number, start: number): number {
  return (count * 1000) / (performance.now() - start);
}

export function formatFigures(figures: readonly Figure[]): string {
  const header = ["bench", "subject", "value", "unit", "ratio", "spread"];
  const rows = figures.map(({ bench, subject, value, unit, ratio, spread }) => [
    bench,
    subject,
    value >= 100 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(3),
    unit,
    ratio === null ? "" : ratio.toFixed(2),
    `${Math.round(spread * 100)} %`,
  ]);
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const isNumber = new Set([2, 4, 5]);
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        isNumber.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return [line(header), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(line)].join("\n");
}
