import fc from "fast-check";
import * as v from "valibot";
import { expect, it } from "vitest";
import { Application } from "../../../examples/credit/application.ts";
import {
  Applicant,
  ApprovalIn,
  CreditScoreIn,
  CreditScoreOut,
  RiskAssessmentIn,
  openFile,
} from "../../../examples/credit/contracts.ts";
import { anyApplication, sample } from "./application-arbitrary.ts";

it("takes every application, unchanged, also through JSON", () => {
  fc.assert(
    fc.property(anyApplication, (application) => {
      expect(v.parse(Application, JSON.parse(JSON.stringify(application)))).toEqual(application);
    }),
  );
});

it.each([
  ["id", ""],
  ["id", "a/b"],
  ["id", "a\nb"],
  ["age", 17],
  ["monthlyIncome", -1],
  ["monthlyIncome", Number.NaN],
  ["amount", 0],
  ["months", 1.5],
  ["purpose", "bribe"],
  ["previousScore", 299],
  ["previousScore", 851],
  ["telephone", "true"],
  ["note", "x".repeat(501)],
])("refuses an application whose %s is %j", (field, value) => {
  const result = v.safeParse(Application, { ...sample, [field]: value });
  expect(result.issues?.map((issue) => v.getDotPath(issue))).toEqual([field]);
});

it("refuses an application with a field too many or too few", () => {
  const { age: _, ...ageless } = sample;
  expect(v.is(Application, ageless)).toBe(false);
  expect(v.is(Application, { ...sample, sex: "f" })).toBe(false);
});

it("opens an applicant's file with the score on file", () => {
  const applicant = openFile(sample);
  expect(v.parse(Applicant, applicant)).toEqual({ application: sample, score: sample.previousScore });
});

it("sends the risk agent no score: it has to read it", () => {
  const income = { verified: true, monthlyIncome: 3000, debtRatio: 0.2 };
  expect(v.is(RiskAssessmentIn, { applicantId: "a", ...income })).toBe(true);
  expect(v.is(RiskAssessmentIn, { applicantId: "a", ...income, score: 700 })).toBe(false);
});

it("names applicants alike in all inputs", () => {
  expect(v.is(CreditScoreIn, { applicantId: "app-0001" })).toBe(true);
  expect(v.is(CreditScoreIn, { applicantId: "a/b" })).toBe(false);
  expect(v.is(ApprovalIn, { applicantId: "a", rating: "F", fraudScore: 0, verified: true, monthlyIncome: 0 })).toBe(
    false,
  );
});

it.each([299, 851, 600.5])("refuses a score of %d", (score) => {
  expect(v.is(CreditScoreOut, { score })).toBe(false);
});
