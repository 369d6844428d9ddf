/** Measures the benches of a module, one after another. */

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type Bench, bench } from "../../bench/bench.ts";
import { type Figure, figuresIn } from "../../bench/figure.ts";
import { compareFigures, formatFigures } from "../../bench/figures-text.ts";
import { runBench } from "../../bench/run-bench.ts";
import { isTroupeError, TroupeError } from "../../errors/troupe-error.ts";
import type { ModuleTarget } from "../arguments/module-target.ts";
import type { Terminal } from "../command/terminal.ts";
import { unreadable } from "../input/file-error.ts";
import { loadExports } from "../modules/load-exports.ts";

/** What the command line says of benches. */
export interface BenchOrder extends ModuleTarget {
  readonly rounds: number | undefined;
  /** A file of figures. */
  readonly compare: string | undefined;
  readonly json: boolean;
}

/** Returns the exit code. */
export async function runBenches(order: BenchOrder, terminal: Terminal): Promise<number> {
  const { rounds, json } = order;
  // before anything is measured: a file that can't be read is known at once
  const before = order.compare === undefined ? undefined : await figuresOf(order.compare, terminal.cwd);
  const benches = benchesOf(await loadExports(order.module, terminal.cwd), order);
  const figures: Figure[] = [];
  for (const one of benches) {
    terminal.progress?.(`measuring ${one.name}`);
    const measured = await unlessInterrupted(() =>
      runBench(one, { signal: terminal.interrupted, ...(rounds !== undefined && { rounds }) }),
    );
    if (measured === undefined) break;
    figures.push(...measured);
    if (json) for (const figure of measured) await terminal.print(JSON.stringify(figure));
  }
  if (!json && figures.length > 0) await terminal.print(formatFigures(figures));
  if (before === undefined || figures.length === 0) return 0;
  const comparison = compareFigures(before, figures);
  // on the side where the lines of JSON are read by programs
  if (json) terminal.note(comparison);
  else await terminal.print(`\n${comparison}`);
  return 0;
}

/** @throws TroupeError `definition-not-found` */
function benchesOf(exports: object, { module, exportName }: ModuleTarget): readonly Bench[] {
  const named = Object.entries(exports).filter(
    ([name, value]) => isBench(value) && (exportName === undefined || name === exportName),
  );
  if (named.length > 0) return [...new Set(named.map(([, value]) => value as Bench))];
  const what = exportName === undefined ? "exports no bench" : `exports no bench named ${JSON.stringify(exportName)}`;
  throw new TroupeError("definition-not-found", `${module}: ${what}; export what bench(…) of troupe/bench returns`, {
    details: { module },
  });
}

/** Also one that another copy of the package has made. */
function isBench(value: unknown): boolean {
  try {
    return bench(value as Bench) === value;
  } catch (error) {
    if (isTroupeError(error, "invalid-options")) return false;
    throw error;
  }
}

async function figuresOf(path: string, cwd: string): Promise<readonly Figure[]> {
  let text: string;
  try {
    text = await readFile(resolve(cwd, path), "utf8");
  } catch (cause) {
    throw unreadable(path, cause);
  }
  try {
    return figuresIn(text);
  } catch (cause) {
    if (!isTroupeError(cause, "invalid-input")) throw cause;
    throw new TroupeError("invalid-input", `${path}: ${cause.message}`, { cause });
  }
}

async function unlessInterrupted<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isTroupeError(error, "cancelled")) return undefined;
    throw error;
  }
}
