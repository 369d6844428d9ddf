/** Measures subjects side by side: round after round, each subject in turn, so that noise meets all alike. */

import { type Figure, quantile } from "./figure.ts";

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

/** Does `work` once, and returns what it took in this process. */
export async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const before = process.cpuUsage();
  const start = performance.now();
  await work();
  const clock = (performance.now() - start) * 1000;
  const { user, system } = process.cpuUsage(before);
  return { clock, processor: user + system };
}

export interface CostGroup extends Omit<Group, "subjects"> {
  /** How many of the unit one cost covers. Default 1. */
  readonly work?: number;
  readonly subjects: readonly { readonly name: string; cost(): Promise<Cost> }[];
}

/**
 * Measures two figures in the same rounds: the rate by the clock, and the processor time for each of the unit. Other load disturbs the
 * processor time less.
 */
export async function measureCosts({ bench, unit, work = 1, subjects, ...group }: CostGroup): Promise<Figure[]> {
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
  // nothing runs again: what the rounds above took is handed out in the same order
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
