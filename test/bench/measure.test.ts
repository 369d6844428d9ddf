import { expect, it } from "vitest";
import { compareFigures } from "../../src/bench/figures-text.ts";
import { costOf, measureCosts } from "../../src/bench/measure.ts";
import { type Figure, figuresIn } from "../../src/bench/figure.ts";

const figure = (subject: string, value: number): Figure => ({
  bench: "tell",
  subject,
  value,
  unit: "messages/s",
  baseline: null,
  ratio: null,
  spread: 0.1,
});

it("reads the figures that were printed, a line each", () => {
  const figures = [figure("tell", 1000), { ...figure("postMessage", 50.5), baseline: "tell", ratio: 0.05 }];
  expect(figuresIn(`${figures.map((one) => JSON.stringify(one)).join("\n")}\n`)).toEqual(figures);
});

it("says which line is no figure", () => {
  expect(() => figuresIn(`${JSON.stringify(figure("tell", 1))}\n{"bench":"tell"}`)).toThrow("line 2 is no figure");
});

it("puts each figure beside the one of its name from before, and leaves none out", () => {
  const lines = compareFigures(
    [figure("both", 1000), figure("gone", 7)],
    [figure("both", 1500), figure("new", 3)],
  ).split("\n");
  expect(lines.slice(2).map((line) => line.split(/\s{2,}/))).toEqual([
    ["tell", "both", "1,000", "1,500", "messages/s", "1.50×"],
    ["tell", "new", "3.00", "messages/s"],
    ["tell", "gone", "7.00", "messages/s"],
  ]);
});

it("gives the rate by the clock and the processor time for each unit of the same rounds, without the one that warms up", async () => {
  const costs = [
    { clock: 1, processor: 1 },
    { clock: 2_000_000, processor: 500_000 },
    { clock: 4_000_000, processor: 700_000 },
    { clock: 1_000_000, processor: 600_000 },
  ];
  const measured = await measureCosts({
    bench: "work",
    unit: "items",
    work: 100_000,
    rounds: 3,
    subjects: [
      { name: "one", cost: () => Promise.resolve(costs.shift() ?? { clock: Number.NaN, processor: Number.NaN }) },
    ],
  });
  expect(measured.map(({ bench, unit, value }) => [bench, unit, value])).toEqual([
    ["work", "items/s", 50_000],
    ["work, processor time", "µs, items", 6],
  ]);
});

it("counts the processor time that work takes, and passes on its failure", async () => {
  const cost = await costOf(() => {
    for (const before = process.cpuUsage(); process.cpuUsage(before).user < 20_000;);
    return Promise.resolve();
  });
  expect(cost.processor).toBeGreaterThanOrEqual(20_000);
  await expect(costOf(() => Promise.reject(new Error("the result is wrong")))).rejects.toThrow("the result is wrong");
});
