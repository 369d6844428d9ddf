/**
 * What an applicant hands in: one flat JSON record. It is what both sources of applications (our CSV sample and the
 * Statlog data) can fill, and all that the rules look at.
 *
 * Sex, marital status and nationality are in the Statlog data and left out on purpose: no rule may use them.
 */

import * as v from "valibot";

/** State of the checking account: none at this bank, balance below zero, below 200, 200 or more. */
export const CHECKING = ["none", "overdrawn", "low", "high"] as const;
/** Savings: none known, below 100, below 500, below 1,000, 1,000 or more. */
export const SAVINGS = ["unknown", "small", "moderate", "solid", "large"] as const;
/** Never had a credit, all paid back, current ones paid so far, late in the past, has credits at other banks. */
export const CREDIT_HISTORY = ["none", "all-paid", "current", "delayed", "elsewhere"] as const;
export const PURPOSES = [
  "new-car",
  "used-car",
  "furniture",
  "electronics",
  "appliances",
  "repairs",
  "education",
  "vacation",
  "retraining",
  "business",
  "other",
] as const;
export const HOUSING = ["rent", "own", "free"] as const;
export const JOBS = ["none", "unskilled", "skilled", "management"] as const;
/** The most valuable thing owned. */
export const PROPERTY = ["real-estate", "savings-plan", "car", "none"] as const;
/** Who else answers for the credit. */
export const OTHER_DEBTORS = ["none", "co-applicant", "guarantor"] as const;
/** Who else is paid in instalments. */
export const OTHER_INSTALMENTS = ["none", "bank", "stores"] as const;

const count = (min: number, max: number) => v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));
const quantity = (max: number) => v.pipe(v.number(), v.finite(), v.minValue(0), v.maxValue(max));

/** Points of the credit bureau, 300 (worst) to 850 (best). */
export const Score = count(300, 850);

/** Also the order of the columns in the CSV format, which has exactly these. */
export const Application = v.strictObject({
  /** Names the applicant in keys of the store: no slash, nothing unprintable. */
  id: v.pipe(
    v.string(),
    v.regex(/^[^\p{Cc}/]{1,64}$/u, "must have 1 to 64 characters, no slash, no control character"),
  ),
  age: count(18, 120),
  /** Declared income a month, in the currency of `amount`. */
  monthlyIncome: quantity(1_000_000),
  /** The credit asked for. */
  amount: v.pipe(quantity(10_000_000), v.gtValue(0)),
  /** Months to pay it back in. */
  months: count(1, 480),
  purpose: v.picklist(PURPOSES),
  /** Years in the present job; 0 is without work. */
  employmentYears: quantity(80),
  job: v.picklist(JOBS),
  /** Years at the present address. */
  residenceYears: quantity(120),
  housing: v.picklist(HOUSING),
  property: v.picklist(PROPERTY),
  checking: v.picklist(CHECKING),
  savings: v.picklist(SAVINGS),
  creditHistory: v.picklist(CREDIT_HISTORY),
  /** Credits at this bank, the one asked for included. */
  existingCredits: count(1, 50),
  otherDebtors: v.picklist(OTHER_DEBTORS),
  otherInstalments: v.picklist(OTHER_INSTALMENTS),
  /** People the applicant provides for, the applicant included. */
  dependants: count(1, 30),
  telephone: v.boolean(),
  /** The score on file from before the last bureau update; see previous-score.ts. */
  previousScore: Score,
  /** A clerk's remark; no rule reads it. */
  note: v.pipe(v.string(), v.maxLength(500, "must have at most 500 characters")),
});

/** A credit application. */
export type Application = Readonly<v.InferOutput<typeof Application>>;

/** What the rules decide on: everything but the score on file. A fresh score never depends on the one before it. */
export type Particulars = Omit<Application, "previousScore">;
