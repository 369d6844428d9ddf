/** The credit decision for cells: the application comes with the run, and is filed in the cell that decides on it. */

import { defineAgent, defineWorkflow } from "troupe";
import { approval, creditScore, fraudDetection, incomeVerification, riskAssessment } from "../agents.ts";
import { applicant } from "../applicant.ts";
import { Application } from "../application.ts";
import { CreditScoreIn, openFile } from "../contracts.ts";

/** Files the application, so that the five agents find it. */
export const filing = defineAgent(import.meta.url, {
  name: "filing",
  version: "1.0.0",
  input: Application,
  output: CreditScoreIn,
  concurrency: 64,
  async execute(application, context) {
    await context.put(applicant, application.id, openFile(application));
    return { applicantId: application.id };
  },
});

export const cellsCreditDecision = defineWorkflow(import.meta.url, {
  name: "cells-credit-decision",
  version: "1.0.0",
  input: Application,
})
  .step("file", filing, ({ input }) => input)
  .step("score", creditScore, { after: ["file"] }, ({ file }) => file)
  .step("income", incomeVerification, { after: ["file"] }, ({ file }) => file)
  .step("fraud", fraudDetection, { after: ["file"] }, ({ file }) => file)
  .step("risk", riskAssessment, { after: ["file", "score", "income"] }, ({ file, income }) => ({ ...file, ...income }))
  .step("approval", approval, { after: ["file", "risk", "fraud", "income"] }, ({ file, risk, fraud, income }) => ({
    ...file,
    rating: risk.rating,
    fraudScore: fraud.fraudScore,
    verified: income.verified,
    monthlyIncome: income.monthlyIncome,
  }));
