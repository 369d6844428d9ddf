/**
 * What a run of the example comes to, as a table for people and as JSON lines for programs. Pure: nothing is printed
 * here.
 */

import { type ChaosResult, chaosFigures } from "./chaos-report.ts";
import type { Mode } from "./mode.ts";
import { type Column, layOut, type TableOptions } from "./table.ts";

/** The outcome of one mode. */
export interface ModeResult {
  readonly mode: Mode;
  readonly applications: number;
  /** Applications whose rating is not the oracle's. */
  readonly wrong: number;
  readonly seconds: number;
  readonly decisionsPerSecond: number;
  /** Half of the applications were decided within this many milliseconds. */
  readonly p50Ms: number;
  /** 99 of 100 were. */
  readonly p99Ms: number;
  /** Worker threads. */
  readonly threads: number;
  /** Versions that the store wrote. */
  readonly versions: number;
  /** There when things were done to the agents meanwhile. */
  readonly chaos?: ChaosResult;
}

/** What was measured, before rates and percentiles. */
export interface Measurement {
  readonly mode: Mode;
  readonly wrong: number;
  readonly seconds: number;
  /** One for each application. */
  readonly latenciesMs: readonly number[];
  readonly threads: number;
  readonly versions: number;
}

/** Works out rates and percentiles; a run of no applications or no time has rate 0. */
export function summarize(measurement: Measurement): ModeResult {
  const { mode, wrong, seconds, latenciesMs, threads, versions } = measurement;
  const applications = latenciesMs.length;
  return {
    mode,
    applications,
    wrong,
    seconds,
    decisionsPerSecond: seconds > 0 ? applications / seconds : 0,
    p50Ms: percentile(latenciesMs, 50),
    p99Ms: percentile(latenciesMs, 99),
    threads,
    versions,
  };
}

/**
 * The smallest of the values that `percent` % of them do not exceed (nearest rank); 0 of none. The values need no
 * order.
 *
 * @throws RangeError when `percent` is not from 0 to 100.
 */
export function percentile(values: readonly number[], percent: number): number {
  if (!(percent >= 0 && percent <= 100)) throw new RangeError(`a percentile is from 0 to 100, got ${percent}`);
  const ranked = values.toSorted((a, b) => a - b);
  const rank = Math.max(1, Math.ceil((percent * ranked.length) / 100));
  return ranked[rank - 1] ?? 0;
}

const COLUMNS: readonly Column<ModeResult>[] = [
  { title: "mode", show: (row) => (row.chaos === undefined ? row.mode : `${row.mode}, chaos`) },
  { title: "applications", show: (row) => String(row.applications) },
  { title: "wrong ratings", show: (row) => `${row.wrong} (${wrongPercent(row).toFixed(1)} %)` },
  { title: "decisions/s", show: (row) => row.decisionsPerSecond.toFixed(0) },
  { title: "p50 ms", show: (row) => row.p50Ms.toFixed(1) },
  { title: "p99 ms", show: (row) => row.p99Ms.toFixed(1) },
  { title: "threads", show: (row) => String(row.threads) },
  { title: "versions written", show: (row) => String(row.versions) },
];

/** A table with a line a mode; blocks where it is wider than there is room for. */
export function formatTable(rows: readonly ModeResult[], options: TableOptions = {}): string {
  return layOut(COLUMNS, rows, options);
}

/** A result as one line of JSON, keys in a fixed order, figures rounded to what was measured; without a line break. */
export function toJsonLine(result: ModeResult): string {
  return JSON.stringify({
    mode: result.mode,
    applications: result.applications,
    wrong: result.wrong,
    seconds: round(result.seconds, 3),
    decisionsPerSecond: round(result.decisionsPerSecond, 1),
    p50Ms: round(result.p50Ms, 3),
    p99Ms: round(result.p99Ms, 3),
    threads: result.threads,
    versions: result.versions,
    ...(result.chaos === undefined ? {} : { chaos: chaosFigures(result.chaos) }),
  });
}

const wrongPercent = (row: ModeResult): number => (row.applications === 0 ? 0 : (100 * row.wrong) / row.applications);
const round = (x: number, digits: number): number => Number(x.toFixed(digits));
