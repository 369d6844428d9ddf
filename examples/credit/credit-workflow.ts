/** The workflow: score, income and fraud at the same time, then risk, then approval. */

import { defineWorkflow } from "troupe";
import * as v from "valibot";
import type { approval, creditScore, fraudDetection, incomeVerification, riskAssessment } from "./agents.ts";
import { CreditScoreIn } from "./contracts.ts";

/** Who does the steps: the agents over the store, or the same over the cache of `stale-cache.ts`. */
export interface CreditAgents {
  readonly creditScore: typeof creditScore;
  readonly incomeVerification: typeof incomeVerification;
  readonly fraudDetection: typeof fraudDetection;
  readonly riskAssessment: typeof riskAssessment;
  readonly approval: typeof approval;
}

/** What a decision is asked for: an applicant whose file is open. */
export const CreditRequest = v.strictObject(CreditScoreIn.entries);

export const creditWorkflow = (module: string, name: string, agents: CreditAgents) =>
  defineWorkflow(module, { name, version: "1.0.0", input: CreditRequest })
    .step("score", agents.creditScore, ({ input }) => input)
    .step("income", agents.incomeVerification, ({ input }) => input)
    .step("fraud", agents.fraudDetection, ({ input }) => input)
    .step("risk", agents.riskAssessment, { after: ["score", "income"] }, ({ input, income }) => ({
      ...input,
      ...income,
    }))
    .step("approval", agents.approval, { after: ["risk", "fraud", "income"] }, ({ input, risk, fraud, income }) => ({
      applicantId: input.applicantId,
      rating: risk.rating,
      fraudScore: fraud.fraudScore,
      verified: income.verified,
      monthlyIncome: income.monthlyIncome,
    }));
