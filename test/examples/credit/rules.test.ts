import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import type { Application } from "../../../examples/credit/application.ts";
import {
  ApprovalOut,
  CreditScoreOut,
  FraudDetectionOut,
  IncomeVerificationOut,
  RATINGS,
  RiskAssessmentOut,
} from "../../../examples/credit/contracts.ts";
import {
  RATING_FLOORS,
  approve,
  assessRisk,
  creditScore,
  detectFraud,
  verifyIncome,
} from "../../../examples/credit/rules.ts";
import { anyApplication, sample } from "./application-arbitrary.ts";

describe("creditScore", () => {
  it("is an integer from 300 to 850 for every application", () => {
    fc.assert(fc.property(anyApplication, (application) => v.is(CreditScoreOut, { score: creditScore(application) })));
  });

  it("does not look at the score on file, the name or the note", () => {
    fc.assert(
      fc.property(anyApplication, anyApplication, (application, { id, note, previousScore }) => {
        const other: Application = { ...application, id, note, previousScore };
        expect(creditScore(other)).toBe(creditScore(application));
      }),
    );
  });

  it("rewards what lenders reward", () => {
    expect(creditScore(sample)).toBe(605);
    expect(creditScore({ ...sample, checking: "overdrawn" })).toBeLessThan(creditScore(sample));
    expect(creditScore({ ...sample, savings: "large" })).toBeGreaterThan(creditScore(sample));
    expect(creditScore({ ...sample, creditHistory: "delayed" })).toBeLessThan(creditScore(sample));
    expect(creditScore({ ...sample, employmentYears: 20 })).toBeGreaterThan(creditScore(sample));
  });
});

describe("verifyIncome", () => {
  it("keeps its contract for every application", () => {
    fc.assert(fc.property(anyApplication, (application) => v.is(IncomeVerificationOut, verifyIncome(application))));
  });

  it("counts a verified income in full and 70 % of another", () => {
    expect(verifyIncome(sample)).toEqual({ verified: true, monthlyIncome: 3000, debtRatio: 0.0833 });
    const newJob = { ...sample, employmentYears: 0.5 };
    expect(verifyIncome(newJob)).toEqual({ verified: false, monthlyIncome: 2100, debtRatio: 0.119 });
    expect(verifyIncome({ ...newJob, savings: "large" }).verified).toBe(true);
  });

  it("takes all of no income for debts", () => {
    expect(verifyIncome({ ...sample, monthlyIncome: 0 })).toEqual({ verified: false, monthlyIncome: 0, debtRatio: 1 });
  });
});

describe("detectFraud", () => {
  it("keeps its contract for every application, and has a flag exactly when it has a score", () => {
    fc.assert(
      fc.property(anyApplication, (application) => {
        const fraud = detectFraud(application);
        expect(v.is(FraudDetectionOut, fraud)).toBe(true);
        expect(fraud.flags.length > 0).toBe(fraud.fraudScore > 0);
      }),
    );
  });

  it("names what is odd and adds it up", () => {
    expect(detectFraud(sample)).toEqual({ fraudScore: 0, flags: [] });
    const odd = { ...sample, telephone: false, residenceYears: 0.5, employmentYears: 0 };
    expect(detectFraud(odd)).toEqual({
      fraudScore: 0.85,
      flags: ["income-without-work", "unreachable", "new-everywhere"],
    });
    expect(detectFraud({ ...odd, amount: 100_000 }).fraudScore).toBe(1);
    expect(detectFraud({ ...sample, age: 20, employmentYears: 12 }).flags).toEqual(["works-since-childhood"]);
    expect(detectFraud({ ...sample, checking: "none", savings: "unknown", telephone: false }).flags).toEqual([
      "nothing-on-record",
    ]);
  });
});

describe("assessRisk", () => {
  const rate = (application: typeof sample, score: number) =>
    assessRisk({ application, score, ...verifyIncome(application) });

  it("keeps its contract for every application and score", () => {
    fc.assert(
      fc.property(anyApplication, fc.integer({ min: 300, max: 850 }), (application, score) =>
        v.is(RiskAssessmentOut, rate(application, score)),
      ),
    );
  });

  it("never rates a higher score worse", () => {
    fc.assert(
      fc.property(anyApplication, fc.integer({ min: 300, max: 849 }), (application, score) => {
        const [low, high] = [rate(application, score), rate(application, score + 1)];
        expect(high.risk).toBeLessThanOrEqual(low.risk);
        expect(RATINGS.indexOf(high.rating)).toBeLessThanOrEqual(RATINGS.indexOf(low.rating));
      }),
    );
  });

  it("can give every rating to every application: nothing but the score caps it", () => {
    fc.assert(
      fc.property(anyApplication, (application) => {
        const ratings = new Set(Array.from({ length: 551 }, (_, index) => rate(application, 300 + index).rating));
        expect([...ratings].toSorted()).toEqual([...RATINGS]);
      }),
    );
  });

  it("has bands of 60 points", () => {
    const floors = [RATING_FLOORS.A, RATING_FLOORS.B, RATING_FLOORS.C, RATING_FLOORS.D];
    expect(floors).toEqual([700, 640, 580, 520]);
    expect(floors.map((floor) => rate(sample, floor - 20).rating)).toEqual(["A", "B", "C", "D"]);
    expect(floors.map((floor) => rate(sample, floor - 21).rating)).toEqual(["B", "C", "D", "E"]);
  });

  it("tells the story: 680 on file, 750 from the bureau", () => {
    expect(rate(sample, 680).rating).toBe("A");
    const indebted = { ...sample, amount: 24_000 };
    expect([rate(indebted, 680).rating, rate(indebted, 750).rating]).toEqual(["B", "A"]);
  });
});

describe("approve", () => {
  const base = { application: sample, rating: "C", fraudScore: 0, verified: true, monthlyIncome: 3000 } as const;

  it("keeps its contract, passes the rating on, and lends nothing when it declines", () => {
    const input = fc.record({
      application: anyApplication,
      rating: fc.constantFrom(...RATINGS),
      fraudScore: fc.double({ min: 0, max: 1, noNaN: true }),
      verified: fc.boolean(),
      monthlyIncome: fc.integer({ min: 0, max: 1_000_000 }),
    });
    fc.assert(
      fc.property(input, (given) => {
        const decision = approve(given);
        expect(v.is(ApprovalOut, decision)).toBe(true);
        expect(decision.rating).toBe(given.rating);
        expect(decision.limit).toBeLessThanOrEqual(given.application.amount);
        if (decision.decision === "declined") expect(decision.limit).toBe(0);
        if (decision.decision === "approved") expect(decision.limit).toBe(given.application.amount);
      }),
    );
  });

  it("declines for an E or fraud, refers the doubtful, approves the rest", () => {
    expect(approve(base)).toEqual({ decision: "approved", rating: "C", limit: 6000 });
    expect(approve({ ...base, rating: "E" })).toEqual({ decision: "declined", rating: "E", limit: 0 });
    expect(approve({ ...base, fraudScore: 0.6 }).decision).toBe("declined");
    expect(approve({ ...base, fraudScore: 0.35 }).decision).toBe("referred");
    expect(approve({ ...base, rating: "D" })).toEqual({ decision: "referred", rating: "D", limit: 6000 });
    expect(approve({ ...base, verified: false }).decision).toBe("referred");
    expect(approve({ ...base, monthlyIncome: 990 })).toEqual({ decision: "referred", rating: "C", limit: 5900 });
  });
});
