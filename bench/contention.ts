/** Actors that write to the same keys. */

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createSystem } from "troupe";
import { type Cost, costOf, measureCosts } from "../src/bench/measure.ts";
import type { Figure } from "../src/bench/figure.ts";
import type { Topic } from "./topic.ts";
import { lineCharts } from "./line-chart.ts";
import { clerk, tally } from "./traffic-actors.ts";

const commits = 3_200;
const writers = [1, 4, 16, 64] as const;
const keys = [1, 32, 1024] as const;
const picture = fileURLToPath(new URL("../docs/pictures/contention.svg", import.meta.url));

export const contention: Topic = {
  name: "contention",
  about:
    "1 to 64 actors on two threads commit to 1, 32 or 1,024 keys, drawn at random, with a journal in memory. As many commits, however\n" +
    "many actors; none is lost. Writes docs/pictures/contention.svg. Not measured: transactions, journals on disk.",
  async run() {
    const figures: Figure[] = [];
    for (const count of keys) {
      figures.push(
        ...(await measureCosts({
          bench: benchOf(count),
          unit: "commits",
          work: commits,
          rounds: 3,
          baseline: nameOf(writers[0]),
          subjects: writers.map((actors) => ({ name: nameOf(actors), cost: () => contend(actors, count) })),
        })),
      );
    }
    writeFileSync(picture, draw(figures));
    return figures;
  },
};

const benchOf = (count: number): string =>
  `contention, ${count.toLocaleString("en-US")} ${count === 1 ? "key" : "keys"}`;
const nameOf = (actors: number): string => (actors === 1 ? "1 actor" : `${actors} actors`);

async function contend(actors: number, count: number): Promise<Cost> {
  await using system = await createSystem({ threads: 2, logger: false });
  const clerks = await Promise.all(
    Array.from({ length: actors }, (_, n) => system.spawn(clerk, { placement: { thread: 1 + (n % 2) } })),
  );
  const work = { keys: count, commits: commits / actors };
  const cost = await costOf(() => Promise.all(clerks.map((ref) => ref.ask("work", work, { timeout: 600_000 }))));
  const counts = await Promise.all(Array.from({ length: count }, (_, n) => system.store.read(tally, `key-${n}`)));
  const sum = counts.reduce((total, state) => total + state.count, 0);
  if (sum !== commits) throw new Error(`${sum} of ${commits} commits are there`);
  return cost;
}

function draw(figures: readonly Figure[]): string {
  const valueOf = (bench: string, actors: number): number =>
    figures.find((figure) => figure.bench === bench && figure.subject === nameOf(actors))?.value ?? Number.NaN;
  const panel = (
    title: string,
    suffix: string,
  ): { title: string; series: { name: string; points: [number, number][] }[] } => ({
    title,
    series: keys.map((count) => ({
      name: count === 1 ? "one key" : `${count.toLocaleString("en-US")} keys`,
      points: writers.map((actors) => [actors, valueOf(benchOf(count) + suffix, actors)]),
    })),
  });
  const at = (actors: number): string =>
    keys.map((count) => `${Math.round(valueOf(benchOf(count), actors))} on ${count}`).join(", ");
  return lineCharts({
    title: "Commits of actors to the same keys",
    description: `Two charts over the number of actors. Commits a second by ${nameOf(1)}: ${at(1)}; by ${nameOf(64)}: ${at(64)}.`,
    xLabel: "actors that commit at a time",
    xTicks: writers,
    xUnit: "",
    xScale: Math.log2,
    panels: [panel("commits a second", ""), panel("µs of processor time a commit", ", processor time")],
  });
}
