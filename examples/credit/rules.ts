/**
 * The five decisions as plain functions: deterministic, made up for this example, no model of any bank. The agents and
 * the oracle call the same ones, so that a wrong outcome can only come from what an agent was given to read.
 */

import type { Particulars } from "./application.ts";
import { type Decision, type Fraud, type Income, type Rating, RATINGS, type Risk } from "./contracts.ts";

const MIN_SCORE = 300;
const MAX_SCORE = 850;

const BASE_SCORE = 590;
const CHECKING_POINTS = { none: 25, overdrawn: -55, low: -20, high: 30 } as const;
const SAVINGS_POINTS = { unknown: 10, small: -25, moderate: 0, solid: 25, large: 45 } as const;
const HISTORY_POINTS = { none: -25, "all-paid": 15, current: 20, delayed: -45, elsewhere: -5 } as const;
const HOUSING_POINTS = { rent: -15, own: 20, free: -5 } as const;
const PROPERTY_POINTS = { "real-estate": 20, "savings-plan": 5, car: 0, none: -20 } as const;
const INSTALMENT_POINTS = { none: 10, bank: -25, stores: -20 } as const;

/** The applicant's fresh score: an integer from 300 to 850. Never looks at the score on file. */
export function creditScore(application: Particulars): number {
  const points =
    BASE_SCORE +
    CHECKING_POINTS[application.checking] +
    SAVINGS_POINTS[application.savings] +
    HISTORY_POINTS[application.creditHistory] +
    HOUSING_POINTS[application.housing] +
    PROPERTY_POINTS[application.property] +
    INSTALMENT_POINTS[application.otherInstalments] +
    Math.round(6 * Math.min(application.employmentYears, 10)) -
    20 +
    (application.age < 25 ? -20 : application.age >= 35 ? 10 : 0) -
    8 * (Math.min(application.existingCredits, 6) - 1);
  return clamp(points, MIN_SCORE, MAX_SCORE);
}

/** The share that is counted of an income which is not confirmed. */
const UNVERIFIED_SHARE = 0.7;
/** The share of the income that each further credit is taken to cost. */
const COST_OF_A_CREDIT = 0.04;

/** Vouches for the declared income: by a job held for a year, or by savings to fall back on. */
export function verifyIncome(application: Particulars): Income {
  const employed = application.job !== "none" && application.employmentYears >= 1;
  const cushioned = application.savings === "solid" || application.savings === "large";
  const verified = application.monthlyIncome > 0 && (employed || cushioned);
  const monthlyIncome = Math.round(application.monthlyIncome * (verified ? 1 : UNVERIFIED_SHARE));
  const instalment = application.amount / application.months;
  const others = COST_OF_A_CREDIT * (application.existingCredits - 1);
  const debtRatio = monthlyIncome === 0 ? 1 : Math.min(1, round(instalment / monthlyIncome + others, 4));
  return { verified, monthlyIncome, debtRatio };
}

/** What is odd about an application, and how much each oddity weighs. */
const FRAUD_SIGNS: readonly {
  readonly flag: string;
  readonly weight: number;
  readonly shows: (a: Particulars) => boolean;
}[] = [
  { flag: "works-since-childhood", weight: 0.8, shows: (a) => a.employmentYears > a.age - 12 },
  { flag: "income-without-work", weight: 0.35, shows: (a) => a.employmentYears === 0 && a.monthlyIncome > 0 },
  { flag: "unreachable", weight: 0.25, shows: (a) => !a.telephone && a.residenceYears < 1 },
  {
    flag: "nothing-on-record",
    weight: 0.2,
    shows: (a) => a.checking === "none" && a.savings === "unknown" && !a.telephone,
  },
  { flag: "new-everywhere", weight: 0.25, shows: (a) => a.residenceYears < 1 && a.employmentYears < 1 },
  { flag: "beyond-means", weight: 0.3, shows: (a) => a.amount > 12 * a.monthlyIncome },
];

/** Adds up the signs of fraud, to 1 at most. */
export function detectFraud(application: Particulars): Fraud {
  const signs = FRAUD_SIGNS.filter(({ shows }) => shows(application));
  const fraudScore = Math.min(
    1,
    round(
      signs.reduce((sum, { weight }) => sum + weight, 0),
      2,
    ),
  );
  return { fraudScore, flags: signs.map(({ flag }) => flag) };
}

/** The fewest points of each rating. The bands between the best and the worst are equally wide. */
export const RATING_FLOORS = { A: 700, B: 640, C: 580, D: 520, E: Number.NEGATIVE_INFINITY } as const satisfies Record<
  Rating,
  number
>;

const DEBT_POINTS = [
  [0.1, 20],
  [0.2, 5],
  [0.35, -15],
] as const;

/**
 * Points that the rest of the case adds to the score, -90 to 30. The score only ever enters the rating as a summand: no
 * rule caps the rating by anything else, so that a score which is off by a band is a rating which is off.
 */
export function caseAdjustment(application: Particulars, income: Income): number {
  const debt = DEBT_POINTS.find(([ratio]) => income.debtRatio <= ratio)?.[1] ?? -35;
  return (
    debt +
    (income.verified ? 0 : -20) +
    (application.months > 36 ? -10 : 0) +
    (application.otherDebtors === "guarantor" ? 10 : 0) -
    5 * (Math.min(application.dependants, 6) - 1)
  );
}

/**
 * Rates a case by the score it is given. Whether that score is the latest is the caller's affair, and the point of the
 * example.
 */
export function assessRisk(input: Income & { readonly application: Particulars; readonly score: number }): Risk {
  const points = input.score + caseAdjustment(input.application, input);
  const rating = RATINGS.find((name) => points >= RATING_FLOORS[name]) ?? "E";
  const risk = clamp((MAX_SCORE - points) / (MAX_SCORE - MIN_SCORE), 0, 1);
  return { rating, risk: round(risk, 4) };
}

/** How many monthly incomes a rating is good for. */
const INCOMES_LENT = { A: 12, B: 9, C: 6, D: 3, E: 0 } as const;
const FRAUD_DECLINES = 0.6;
const FRAUD_REFERS = 0.35;
/** Limits are told in steps of this. */
const LIMIT_STEP = 50;

/** Decides: declined for fraud or an E; referred to a clerk when in doubt; approved otherwise. */
export function approve(input: {
  readonly application: Particulars;
  readonly rating: Rating;
  readonly fraudScore: number;
  readonly verified: boolean;
  readonly monthlyIncome: number;
}): Decision {
  const { application, rating, fraudScore } = input;
  if (rating === "E" || fraudScore >= FRAUD_DECLINES) return { decision: "declined", rating, limit: 0 };
  const affordable = Math.floor((INCOMES_LENT[rating] * input.monthlyIncome) / LIMIT_STEP) * LIMIT_STEP;
  const limit = Math.min(application.amount, affordable);
  const doubtful =
    rating === "D" || fraudScore >= FRAUD_REFERS || limit < application.amount || (rating === "C" && !input.verified);
  return { decision: doubtful ? "referred" : "approved", rating, limit };
}

const clamp = (x: number, min: number, max: number): number => Math.min(max, Math.max(min, x));
const round = (x: number, digits: number): number => Number(x.toFixed(digits));
