/** What was measured, as data. */

import { TroupeError } from "../errors/troupe-error.ts";

/**
 * One figure: the median over the rounds.
 *
 * @since 0.1.0
 * @experimental
 */
export interface Figure {
  /** What was measured. A bench has two: its name, and its name with `, processor time`. */
  readonly bench: string;
  readonly subject: string;
  readonly value: number;
  /** Such as `orders/s`, or `µs, orders`: microseconds for each. */
  readonly unit: string;
  /** The subject that ratios are taken against; `null` for none. */
  readonly baseline: string | null;
  /** The value over the baseline's in the same run; `null` without a baseline. */
  readonly ratio: number | null;
  /** The distance between the quartiles over the median. */
  readonly spread: number;
}

/** The quantile `q`, from 0 to 1, of the values: 0.5 gives the median. It is interpolated between two values, and NaN for none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

/**
 * Reads the figures that `troupe bench --json` has printed, one a line. Empty lines are skipped.
 *
 * @throws TroupeError `invalid-input` for a line that is no figure.
 * @example
 * const before = figuresIn(await readFile("before.jsonl", "utf8"));
 * @since 0.1.0
 * @experimental
 */
export function figuresIn(text: string): Figure[] {
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    const { bench, subject, value, unit, ratio, spread, baseline } = readLine(line);
    if (bench === undefined || subject === undefined || unit === undefined || typeof value !== "number")
      throw new TroupeError("invalid-input", `line ${index + 1} is no figure: ${line}`);
    return [{ bench, subject, value, unit, ratio: ratio ?? null, spread: spread ?? 0, baseline: baseline ?? null }];
  });
}

function readLine(line: string): Partial<Figure> {
  try {
    return (JSON.parse(line) ?? {}) as Partial<Figure>;
  } catch {
    return {}; // no figure either
  }
}
