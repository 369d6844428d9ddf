/** Load from half of what a system can do to four times as much: what gets done, how long it takes, and how much memory that is. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { type Figure, quantile } from "../src/bench/figure.ts";
import type { Topic } from "./topic.ts";
import { lineCharts } from "./line-chart.ts";
import type { LoadResult, LoadTerms } from "./overload-process.ts";

const rounds = 3;
const loads = [0.5, 0.75, 1, 1.5, 2, 3, 4] as const;
const bounds = { maxRuns: 64, maxWaitingRuns: 64, warmUp: 1, seconds: 3 };

/** Under either policy there is a bound beyond which a run is refused: for `wait` it is both bounds together. */
const policies = [
  { onOverload: "reject", name: `reject beyond ${bounds.maxRuns} in flight` },
  { onOverload: "wait", name: `let ${bounds.maxWaitingRuns} more wait, then reject` },
] as const;

const measures = [
  { of: "finished", title: "runs finished a second", unit: "runs/s" },
  { of: "p99", title: "99th percentile of accepted runs, ms", unit: "ms" },
  { of: "rss", title: "memory of the process (RSS), MiB", unit: "MiB" },
  { of: "refused", title: "share refused", unit: "share" },
] as const satisfies readonly { of: keyof LoadResult; title: string; unit: string }[];

type Measure = (typeof measures)[number]["of"];

const program = fileURLToPath(new URL("overload-process.ts", import.meta.url));
const picture = fileURLToPath(new URL("../docs/pictures/overload.svg", import.meta.url));

export const overload: Topic = {
  name: "overload",
  about:
    "Runs of two agents, one that waits for 20 ms and one that computes for 1 ms, arrive at random at 0.5 to 4 times the rate that the\n" +
    "system was measured to finish right before; each load in a process of its own. Writes docs/pictures/overload.svg.",
  run: measureOverload,
};

async function measureOverload(): Promise<readonly Figure[]> {
  const capacities: number[] = [];
  const results = new Map<string, LoadResult[]>();
  for (let round = 1; round <= rounds; round++) {
    const capacity = (await inProcess({ ...bounds, onOverload: "reject" })).finished;
    capacities.push(capacity);
    for (const load of loads) {
      for (const { onOverload } of policies) {
        const result = await inProcess({ ...bounds, onOverload, rate: capacity * load });
        const key = `${onOverload} ${load}`;
        results.set(key, [...(results.get(key) ?? []), result]);
      }
    }
  }
  const valuesOf = (onOverload: string, load: number, of: Measure): number[] =>
    (results.get(`${onOverload} ${load}`) ?? []).map((result) => result[of]);
  const medianOf = (onOverload: string, load: number, of: Measure): number =>
    quantile(valuesOf(onOverload, load, of), 0.5);

  writeFileSync(picture, draw(quantile(capacities, 0.5), medianOf));
  const capacity = figure({ bench: "overload: capacity", subject: "closed load", unit: "runs/s" }, capacities);
  return [
    capacity,
    ...measures.flatMap(({ of, title, unit }) =>
      policies.flatMap(({ onOverload }) => {
        const best = of === "finished" ? peakLoad(onOverload, medianOf) : loads[0];
        const baseline = of === "refused" ? undefined : { name: nameOf(best), value: medianOf(onOverload, best, of) };
        return loads.map((load) =>
          figure(
            { bench: `overload, ${onOverload}: ${title}`, subject: nameOf(load), unit },
            valuesOf(onOverload, load, of),
            baseline,
          ),
        );
      }),
    ),
  ];
}

type MedianOf = (onOverload: string, load: number, of: Measure) => number;

/** The load at which most was finished. */
function peakLoad(onOverload: string, medianOf: MedianOf): number {
  const finished = (load: number): number => medianOf(onOverload, load, "finished");
  return loads.reduce<number>((best, load) => (finished(load) > finished(best) ? load : best), loads[0]);
}

function nameOf(load: number): string {
  return `${load} × capacity`;
}

function figure(
  { bench, subject, unit }: Pick<Figure, "bench" | "subject" | "unit">,
  values: readonly number[],
  baseline?: { readonly name: string; readonly value: number },
): Figure {
  const value = quantile(values, 0.5);
  const spread = value === 0 ? 0 : (quantile(values, 0.75) - quantile(values, 0.25)) / value;
  const ratio = baseline === undefined ? null : value / baseline.value;
  return { bench, subject, value, unit, baseline: baseline?.name ?? null, ratio, spread };
}

function draw(capacity: number, medianOf: MedianOf): string {
  const shown = measures.filter(({ of }) => of !== "refused");
  const said = (onOverload: string, of: Measure): string =>
    `${Math.round(medianOf(onOverload, loads[0], of))} at ${loads[0]}× and ${Math.round(medianOf(onOverload, 4, of))} at 4×`;
  return lineCharts({
    title: `Load above capacity (${Math.round(capacity)} runs a second)`,
    description: policies
      .map(
        ({ onOverload, name }) =>
          `${name}: ${shown.map(({ of, title }) => `${title} ${said(onOverload, of)}`).join("; ")}.`,
      )
      .join(" "),
    xLabel: "offered load, as a multiple of capacity",
    xUnit: "×",
    xTicks: [0, 1, 2, 3, 4],
    panels: shown.map(({ of, title }) => ({
      title,
      series: policies.map(({ onOverload, name }) => ({
        name,
        points: loads.map((load) => [load, medianOf(onOverload, load, of)] as const),
      })),
      ...(of === "finished"
        ? {
            mark: {
              y:
                0.8 *
                Math.max(...policies.map(({ onOverload }) => medianOf(onOverload, peakLoad(onOverload, medianOf), of))),
              label: "80 % of the peak",
            },
          }
        : {}),
    })),
  });
}

async function inProcess(terms: LoadTerms): Promise<LoadResult> {
  const child = spawn(process.execPath, [...process.execArgv, program, JSON.stringify(terms)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [out, [code]] = await Promise.all([text(child.stdout), once(child, "close") as Promise<[number | null]>]);
  if (code !== 0) throw new Error(`a load of ${String(terms.rate)} runs/s ended with ${String(code)}`);
  return JSON.parse(out) as LoadResult;
}
