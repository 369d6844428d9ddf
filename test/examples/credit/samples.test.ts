/** The two inputs people run the example on: both have to show every decision, and what a stale score does. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Application } from "../../../examples/credit/application.ts";
import type { ApplicationRow } from "../../../examples/credit/application-row.ts";
import { formatCsvApplications } from "../../../examples/credit/csv-applications.ts";
import { DECISIONS } from "../../../examples/credit/contracts.ts";
import { generateApplications } from "../../../examples/credit/generate-applications.ts";
import { decideSequentially } from "../../../examples/credit/oracle.ts";
import { sampleAt } from "../../../examples/credit/options.ts";
import { readApplications } from "../../../examples/credit/read-applications.ts";
import { assessRisk, creditScore, verifyIncome } from "../../../examples/credit/rules.ts";

const CSV = sampleAt("made-up").input;
const STATLOG = sampleAt("german").input;

const usable = (rows: readonly ApplicationRow[]): readonly Application[] =>
  rows.map((row) => {
    if ("error" in row) throw new Error(row.error);
    return row.application;
  });

function expectVariety(applications: readonly Application[]): void {
  const decisions = applications.map(decideSequentially);
  const atLeast = applications.length * 0.05;
  for (const wanted of DECISIONS) {
    expect(decisions.filter(({ decision }) => decision === wanted).length, wanted).toBeGreaterThan(atLeast);
  }
  expect(new Set(decisions.map(({ rating }) => rating)).size).toBeGreaterThanOrEqual(4);
}

/** How many applications get another rating by the score on file than by the fresh one. */
const misrated = (applications: readonly Application[]): number =>
  applications.filter((application) => {
    const stale = assessRisk({ application, score: application.previousScore, ...verifyIncome(application) });
    return stale.rating !== decideSequentially(application).rating;
  }).length;

describe("the made-up sample", () => {
  it("is what the generator makes of seed 7", () => {
    expect(readFileSync(CSV, "utf8")).toBe(formatCsvApplications(generateApplications({ seed: 7, count: 500 })));
  });

  it("reads back whole, with every decision and most ratings", async () => {
    const applications = usable(await readApplications(CSV, "csv"));
    expect(applications).toHaveLength(500);
    expect(new Set(applications.map(({ id }) => id)).size).toBe(500);
    expectVariety(applications);
  });

  it("is misrated throughout by the scores on file", async () => {
    expect(misrated(usable(await readApplications(CSV, "csv")))).toBe(500);
  });
});

describe("generateApplications", () => {
  it("gives the same for the same seed, a longer sample of the same start, and another for another", () => {
    const ten = generateApplications({ seed: 1, count: 10 });
    expect(generateApplications({ seed: 1, count: 10 })).toEqual(ten);
    expect(generateApplications({ seed: 1, count: 20 }).slice(0, 10)).toEqual(ten);
    expect(generateApplications({ seed: 2, count: 10 })).not.toEqual(ten);
    expect(generateApplications({ seed: 1, count: 0 })).toEqual([]);
  });
});

describe("the German Credit data", () => {
  it("reads whole, with every decision and most ratings", async () => {
    const rows = await readApplications(STATLOG, "statlog");
    const applications = usable(rows);
    expect(applications).toHaveLength(1000);
    expect(rows[0]).toMatchObject({
      row: 2,
      application: { id: "statlog-2", checking: "overdrawn", months: 6, amount: 1169, age: 67 },
    });
    expectVariety(applications);
  });

  it("is misrated throughout by the scores on file", async () => {
    expect(misrated(usable(await readApplications(STATLOG, "statlog")))).toBe(1000);
  });

  it("has better scores where the data says the credit was paid back", async () => {
    const lines = readFileSync(STATLOG, "utf8").split("\n");
    const scores = { 1: [] as number[], 2: [] as number[] };
    for (const row of await readApplications(STATLOG, "statlog")) {
      if ("error" in row) throw new Error(row.error);
      const paid = lines[row.row - 1]?.trim().endsWith("\t1") === true;
      scores[paid ? 1 : 2].push(creditScore(row.application));
    }
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect([scores[1].length, scores[2].length]).toEqual([700, 300]);
    expect(mean(scores[1])).toBeGreaterThan(mean(scores[2]) + 20);
  });
});
