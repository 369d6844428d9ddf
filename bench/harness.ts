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

/** What work took in all, in microseconds: by the clock, and of the processor on all threads. */
export interface Cost {
  readonly clock: number;
  readonly processor: number;
}

/** What one piece of work takes in this process. */
export async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const before = process.cpuUsage();
  const start = performance.now();
  await work();
  const clock = (performance.now() - start) * 1000;
  const { user, system } = process.cpuUsage(before);
  return { clock, processor: user + system };
}

export interface CostGroup extends Omit<Group, "subjects"> {
  /** How many of the unit a round of each subject takes. */
  readonly work: number;
  readonly subjects: readonly { readonly name: string; cost(): Promise<Cost> }[];
}

/** Measures both of the same rounds: the rate by the clock, and the processor time for each unit of work, which other load disturbs less. */
export async function measureCosts({ bench, unit, work, subjects, ...group }: CostGroup): Promise<Figure[]> {
  const taken: Cost[] = [];
  const rates = await measure({
    ...group,
    bench,
    unit: `${unit}/s`,
    subjects: subjects.map(({ name, cost }) => ({
      name,
      async run() {
        const measured = await cost();
        taken.push(measured);
        return (work * 1e6) / measured.clock;
      },
    })),
  });
  // the same rounds again, in their order
  const processor = await measure({
    ...group,
    bench: `${bench}, processor time`,
    unit: `µs, ${unit}`,
    subjects: subjects.map(({ name }) => ({
      name,
      run: () => Promise.resolve((taken.shift()?.processor ?? Number.NaN) / work),
    })),
  });
  return [...rates, ...processor];
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

/**
 * The figures that `--json` printed, a line each.
 *
 * @throws Error if a line is none.
 */
export function figuresIn(text: string): Figure[] {
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    const { bench, subject, value, unit, ratio, spread, baseline } = JSON.parse(line) as Partial<Figure>;
    if (bench === undefined || subject === undefined || unit === undefined || typeof value !== "number")
      throw new Error(`line ${index + 1} is no figure: ${line}`);
    return [{ bench, subject, value, unit, ratio: ratio ?? null, spread: spread ?? 0, baseline: baseline ?? null }];
  });
}

/** Each figure beside that of the same name from before, with what this one is of it; those that only one side has are named. */
export function compared(before: readonly Figure[], after: readonly Figure[]): string {
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
