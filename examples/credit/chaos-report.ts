/** What chaos comes to: what was done to the agents, and what it cost. Pure. */

import type { ChaosCounts, ChaosOptions } from "./chaos-counts.ts";
import type { Decision } from "./contracts.ts";
import { ratesText } from "./faults.ts";
import type { Mode } from "./mode.ts";
import { type Column, layOut, type TableOptions } from "./table.ts";

/** A mode in chaos, beside the same mode without. */
export interface ChaosResult extends ChaosCounts {
  readonly mode: Mode;
  /** Decisions a second, as a share of those without. */
  readonly speed: number;
  /** Applications that were decided otherwise than without. */
  readonly changed: number;
  /** Applications that were not decided, since their run failed. */
  readonly undecided: number;
}

/** How many decisions of `plain` are others in `chaotic`; those that are missing there are not counted. */
export function countChanged(plain: ReadonlyMap<string, Decision>, chaotic: ReadonlyMap<string, Decision>): number {
  return [...chaotic].filter(([id, { decision, rating, limit }]) => {
    const before = plain.get(id);
    return before?.decision !== decision || before.rating !== rating || before.limit !== limit;
  }).length;
}

/** Chaos may cost time and nothing else: no wrong rating, no other decision, no application that isn't decided. */
export function isHarmless(wrong: number, { changed, undecided }: ChaosResult): boolean {
  return wrong === 0 && changed === 0 && undecided === 0;
}

const INJECTED: readonly Column<ChaosResult>[] = [
  { title: "injected", show: (row) => row.mode },
  { title: "calls of agents", show: (row) => String(row.calls) },
  { title: "threads killed", show: (row) => String(row.faults.kill) },
  { title: "stalled", show: (row) => String(row.faults.stall) },
  { title: "calls that threw", show: (row) => String(row.faults.throw) },
  { title: "hung", show: (row) => String(row.faults.hang) },
  { title: "were slow", show: (row) => String(row.faults.slow) },
];

const COST: readonly Column<ChaosResult>[] = [
  { title: "cost", show: (row) => row.mode },
  { title: "speed", show: (row) => `${(100 * row.speed).toFixed(0)} %` },
  { title: "threads lost", show: (row) => String(row.threadsLost) },
  { title: "calls lost", show: (row) => String(row.lost) },
  { title: "breakers opened", show: (row) => String(row.breakersOpened) },
  { title: "turned away", show: (row) => String(row.turnedAway) },
  { title: "retries", show: (row) => String(row.retries) },
  { title: "not decided", show: (row) => String(row.undecided) },
  { title: "decided otherwise", show: (row) => String(row.changed) },
];

/** At which rates, and two tables with a line a mode: what was injected, and what it cost. */
export function formatChaos(
  rows: readonly ChaosResult[],
  { seed, rates }: ChaosOptions,
  options: TableOptions = {},
): string {
  const injected = layOut(INJECTED, rows, options);
  return `chaos at ${ratesText(rates)}, seed ${seed}\n\n${injected}\n\n${layOut(COST, rows, options)}`;
}

/** The figures for a program, in a fixed order. */
export function chaosFigures(result: ChaosResult): Readonly<Record<string, unknown>> {
  const { calls, faults, speed, threadsLost, lost, breakersOpened, turnedAway, retries, undecided, changed } = result;
  const { kill, stall, throw: threw, hang, slow } = faults;
  return {
    calls,
    injected: { kill, stall, throw: threw, hang, slow },
    speed: Number(speed.toFixed(3)),
    threadsLost,
    lost,
    breakersOpened,
    turnedAway,
    retries,
    undecided,
    changed,
  };
}
