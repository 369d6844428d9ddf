/**
 * What goes in and out of the five agents, and the state they share.
 *
 * The risk agent is not sent the score. It reads the applicant's state, as the agent in the story did: reading a stale
 * version of it is the fault this example is about.
 */

import * as v from "valibot";
import { Application, Score } from "./application.ts";

/** From the best to the worst. */
export const RATINGS = ["A", "B", "C", "D", "E"] as const;
export const DECISIONS = ["approved", "referred", "declined"] as const;

const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const money = v.pipe(v.number(), v.finite(), v.minValue(0));
const byApplicant = { applicantId: Application.entries.id };

/** The state behind the key `applicant/<id>`: the application, and the score as the last agent to write it left it. */
export const Applicant = v.strictObject({ application: Application, score: Score });
export type Applicant = Readonly<v.InferOutput<typeof Applicant>>;

/** Version 1 of an applicant's state: the score on file, which the credit-score agent is about to replace. */
export const openFile = (application: Application): Applicant => ({ application, score: application.previousScore });

export const CreditScoreIn = v.strictObject(byApplicant);
export const CreditScoreOut = v.strictObject({ score: Score });

export const IncomeVerificationIn = v.strictObject(byApplicant);
/** `monthlyIncome` is what may be counted on; `debtRatio` the share of it that instalments take, 1 for all or more. */
export const IncomeVerificationOut = v.strictObject({
  verified: v.boolean(),
  monthlyIncome: money,
  debtRatio: share,
});

export const FraudDetectionIn = v.strictObject(byApplicant);
/** `fraudScore`: 0 nothing odd, 1 certain; each flag names what was odd. */
export const FraudDetectionOut = v.strictObject({ fraudScore: share, flags: v.array(v.string()) });

export const RiskAssessmentIn = v.strictObject({ ...byApplicant, ...IncomeVerificationOut.entries });
/** `risk`: 0 none, 1 the worst; the rating is a band of it. */
export const RiskAssessmentOut = v.strictObject({ rating: v.picklist(RATINGS), risk: share });

export const ApprovalIn = v.strictObject({
  ...byApplicant,
  rating: v.picklist(RATINGS),
  fraudScore: share,
  verified: v.boolean(),
  monthlyIncome: money,
});
/** `limit`: the most that may be lent, 0 when declined. */
export const ApprovalOut = v.strictObject({
  decision: v.picklist(DECISIONS),
  rating: v.picklist(RATINGS),
  limit: money,
});

export type Rating = (typeof RATINGS)[number];
export type CreditScore = Readonly<v.InferOutput<typeof CreditScoreOut>>;
export type Income = Readonly<v.InferOutput<typeof IncomeVerificationOut>>;
export type Fraud = Readonly<v.InferOutput<typeof FraudDetectionOut>>;
export type Risk = Readonly<v.InferOutput<typeof RiskAssessmentOut>>;
/** What the five agents come to. */
export type Decision = Readonly<v.InferOutput<typeof ApprovalOut>>;
