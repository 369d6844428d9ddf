import fc from "fast-check";
import { expect, it } from "vitest";
import type { Application } from "../../../examples/credit/application.ts";
import { scoreOnFile } from "../../../examples/credit/previous-score.ts";
import { assessRisk, creditScore, verifyIncome } from "../../../examples/credit/rules.ts";
import { anyApplication, sample } from "./application-arbitrary.ts";

it("is a score, at least 60 points from the fresh one, that rates every application otherwise", () => {
  fc.assert(
    fc.property(anyApplication, (application) => {
      const [fresh, stale] = [creditScore(application), scoreOnFile(application)];
      const rate = (score: number) => assessRisk({ application, score, ...verifyIncome(application) }).rating;
      expect(Number.isInteger(stale)).toBe(true);
      expect(stale).toBeGreaterThanOrEqual(300);
      expect(stale).toBeLessThanOrEqual(850);
      expect(Math.abs(fresh - stale)).toBeGreaterThanOrEqual(60);
      expect(rate(stale)).not.toBe(rate(fresh));
      expect(stale < fresh).toBe(rate(fresh) !== "E");
    }),
    { numRuns: 2000 },
  );
});

it("depends on the particulars alone", () => {
  fc.assert(
    fc.property(anyApplication, fc.integer({ min: 300, max: 850 }), (application, previousScore) => {
      const other: Application = { ...application, previousScore };
      expect(scoreOnFile(other)).toBe(scoreOnFile(application));
    }),
  );
});

it("takes the best applicant just below an A", () => {
  const best = {
    ...sample,
    employmentYears: 10,
    housing: "own",
    property: "real-estate",
    checking: "high",
    savings: "large",
    otherDebtors: "guarantor",
    amount: 1000,
  } as const;
  // 785 points from the bureau, 30 from the case; an A needs 700.
  expect(creditScore(best)).toBe(785);
  expect(scoreOnFile(best)).toBe(669);
});
