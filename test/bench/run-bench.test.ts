/** `bench` and `runBench`: what is measured, and what is no measurement. */

import { describe, expect, it } from "vitest";
import { type Bench, bench, type BenchRound, figuresIn, formatFigures, runBench } from "../../src/bench/index.ts";
import type { System } from "../../src/index.ts";

const spin = (ms: number): void => {
  for (const before = process.cpuUsage(); process.cpuUsage(before).user < ms * 1_000;);
};

/** A bench whose one subject is this. */
const of = (subject: (round: BenchRound) => Promise<unknown>): Bench =>
  bench({ name: "work", unit: "items", subjects: { mine: subject } });

describe("a bench", () => {
  it("has two figures for each subject, against the first one", async () => {
    const figures = await runBench(
      bench({
        name: "work",
        unit: "items",
        subjects: {
          heavy: ({ measure }) => measure(10, () => spin(10)),
          light: ({ measure }) => measure(20, () => spin(10)),
        },
        rounds: 3,
      }),
    );
    expect(figures).toMatchObject([
      { bench: "work", subject: "heavy", unit: "items/s", baseline: "heavy", ratio: 1 },
      { bench: "work", subject: "light", unit: "items/s", baseline: "heavy" },
      { bench: "work, processor time", subject: "heavy", unit: "µs, items", ratio: 1 },
      { bench: "work, processor time", subject: "light", unit: "µs, items" },
    ]);
    for (const { value } of figures.slice(2, 3)) expect(value).toBeGreaterThanOrEqual(1_000);
    for (const { value } of figures.slice(3)) expect(value).toBeGreaterThanOrEqual(500);
    expect(formatFigures(figures).split("\n")).toHaveLength(6);
    expect(figuresIn(figures.map((figure) => JSON.stringify(figure)).join("\n"))).toEqual(figures);
  });

  it("plays one round to warm up and then each subject in turn, and measures nothing else", async () => {
    const played: string[] = [];
    const subject =
      (name: string) =>
      async ({ measure }: BenchRound): Promise<void> => {
        spin(5);
        await measure(1, () => played.push(name));
        spin(5);
      };
    const [, , processor] = await runBench(
      bench({ name: "turns", unit: "turns", subjects: { a: subject("a"), b: subject("b") } }),
      { rounds: 2 },
    );
    expect(played.join("")).toBe("ababab");
    expect(processor?.value).toBeLessThan(5_000);
  });

  it("closes each round's systems, also where the subject fails", async () => {
    const systems: System[] = [];
    const failing = of(async ({ system, measure }) => {
      systems.push(await system({ threads: 1 }), await system({ threads: 1 }));
      await measure(1, () => undefined);
      throw new Error("the result is wrong");
    });
    await expect(runBench(failing)).rejects.toMatchObject({
      code: "bench-failed",
      message: 'bench "work", "mine": the result is wrong',
      cause: { message: "the result is wrong" },
    });
    expect(systems).toHaveLength(2);
    for (const system of systems) expect(await system.stats()).toMatchObject({ threads: [] });
  });

  it.each<[string, (round: BenchRound) => Promise<unknown>, string]>([
    ["isn't measured", () => Promise.resolve(), "it has not called measure"],
    [
      "is measured twice",
      async ({ measure }) => {
        await measure(1, () => undefined);
        await measure(1, () => undefined);
      },
      "it has called measure 2 times; once a round",
    ],
    [
      "has done nothing",
      ({ measure }) => measure(0, () => undefined),
      "measure takes how many are done, a number above 0, not 0",
    ],
  ])("is none where a subject %s", async (_, subject, says) => {
    await expect(runBench(of(subject))).rejects.toMatchObject({
      code: "bench-failed",
      message: `bench "work", "mine": ${says}`,
    });
  });

  it("begins no other round when it is told to stop", async () => {
    const over = new AbortController();
    let rounds = 0;
    const stopping = of(({ measure }) => measure(1, () => void (++rounds === 2 && over.abort())));
    await expect(runBench(stopping, { signal: over.signal })).rejects.toMatchObject({ code: "cancelled" });
    expect(rounds).toBe(2);
  });

  it.each<[Readonly<Record<string, unknown>>, string]>([
    [{ subjects: {} }, 'bench "work": it has no subject'],
    [{ baseline: "yours" }, 'bench "work": the baseline "yours" is none of its subjects, which are mine'],
    [{ rounds: 0 }, "rounds"],
    [{ subjects: { mine: 1 } }, "subjects.mine"],
    [{ name: "" }, "name"],
    [{ uint: "items" }, "uint"],
  ])("refuses %j", (wrong, says) => {
    const given = { name: "work", unit: "items", subjects: { mine: () => Promise.resolve() }, ...wrong };
    expect(() => bench(given as unknown as Bench)).toThrow(says);
  });
});
