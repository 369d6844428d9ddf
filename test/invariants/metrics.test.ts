/** Metrics tell what the histories tell: each step, retry, compensation, run, version and conflict is counted once. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Metric, RunRecord } from "../../src/index.ts";
import { simulateOnce } from "../../src/testing/simulator/simulate.ts";
import type { SimulateOptions } from "../../src/testing/simulator/simulate-options.ts";
import { quickExpect } from "../quick-expect.ts";
import { coat, sheet } from "./traced.ts";
import { seeds } from "./worlds.ts";
import { schedules } from "../schedules.ts";

interface Day {
  readonly orders: readonly ("cutter" | "sewer" | "packer" | null)[];
  /** How many commit to one key at a time. */
  readonly writers: number;
}

const days: fc.Arbitrary<Day> = fc.record({
  orders: fc.array(fc.constantFrom(null, null, "cutter" as const, "sewer" as const, "packer" as const), {
    maxLength: 4,
  }),
  writers: fc.nat(4),
});

interface Told {
  readonly metrics: readonly Metric[];
  readonly records: readonly (readonly RunRecord[])[];
  readonly commits: number;
}

async function tell({ orders, writers }: Day, seed: number, options: SimulateOptions): Promise<Told> {
  let told: Told | undefined;
  await simulateOnce(
    async ({ system }) => {
      const runs = orders.map((fails, n) => system.run(coat, { key: "shared", ms: n, fails }, { id: `order-${n}` }));
      const writing = Array.from({ length: writers }, (_, n) =>
        system.store.commit(sheet, "shared", (lines) => void lines.push(String(n))),
      );
      await Promise.all([...writing, ...runs.map((run) => run.result.catch(() => undefined))]);
      const records = await Promise.all(runs.map((run) => run.history()));
      const { commits } = await system.stats();
      told = { metrics: await system.metrics(), records, commits };
    },
    seed,
    { ...options, system: { ...options.system, metrics: true } },
  );
  return told as Told;
}

/** The points of a counter, by their attributes. */
function countsIn(metrics: readonly Metric[], name: string): Readonly<Record<string, number>> {
  const metric = metrics.find((one) => one.name === name);
  if (metric === undefined) throw new Error(`there is no metric ${name}`);
  const points =
    metric.kind === "histogram"
      ? metric.points.map(({ attributes, count }) => ({ attributes, value: count }))
      : metric.points;
  return Object.fromEntries(points.map(({ attributes, value }) => [Object.values(attributes).sort().join(" "), value]));
}

function counted(values: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

/** The ends of steps, or of compensations, that a history has. */
function endsIn(records: readonly RunRecord[], kind: "step" | "compensation"): readonly string[] {
  return records.flatMap(({ event }) => {
    if (event.type === `${kind}-finished`) return ["coat finished"];
    if (event.type !== `${kind}-failed`) return [];
    return ["retryAt" in event && event.retryAt !== undefined ? "coat retried" : "coat failed"];
  });
}

function check({ metrics, records, commits }: Told, threadsDie: boolean): void {
  const all = records.flat();
  quickExpect(countsIn(metrics, "troupe.steps")).toEqual(counted(endsIn(all, "step")));
  quickExpect(countsIn(metrics, "troupe.compensations")).toEqual(counted(endsIn(all, "compensation")));
  const ends = all.flatMap(({ event }) => (event.type === "run-ended" ? [`coat ${event.status}`] : []));
  const swapped = Object.fromEntries(
    Object.entries(counted(ends)).map(([name, n]) => [name.split(" ").sort().join(" "), n]),
  );
  quickExpect(countsIn(metrics, "troupe.run.duration")).toEqual(swapped);
  // a commit writes one version or several
  quickExpect(countsIn(metrics, "troupe.store.versions")[""]).toBeGreaterThanOrEqual(commits);
  const [conflicts = 0] = Object.values(countsIn(metrics, "troupe.store.conflicts"));
  const [retries = 0] = Object.values(countsIn(metrics, "troupe.store.retries"));
  const told = "no commit is refused here, so each that comes second is tried again, unless its thread died";
  if (threadsDie) quickExpect(retries, told).toBeLessThanOrEqual(conflicts);
  else quickExpect(retries, told).toBe(conflicts);
}

describe("metrics", () => {
  it.each<[string, SimulateOptions]>([
    ["nothing fails", {}],
    ["threads die", { faults: { threadDeath: 0.005, duplicate: 0.1 } }],
  ])("agree with the histories: %s", async (_, options) => {
    let retries = 0;
    let undone = 0;
    await fc.assert(
      fc.asyncProperty(days, seeds, async (day, seed) => {
        const told = await tell(day, seed, options);
        check(told, options.faults !== undefined);
        retries += Object.values(countsIn(told.metrics, "troupe.store.retries"))[0] ?? 0;
        undone += countsIn(told.metrics, "troupe.compensations")["coat finished"] ?? 0;
      }),
      { numRuns: schedules },
    );
    expect(retries).toBeGreaterThan(0);
    expect(undone).toBeGreaterThan(0);
  });
});
