/** The workflow as it should be: the five agents over versioned snapshots. */

import { approval, creditScore, fraudDetection, incomeVerification, riskAssessment } from "./agents.ts";
import { creditWorkflow } from "./credit-workflow.ts";

export const creditDecision = creditWorkflow(import.meta.url, "credit-decision", {
  creditScore,
  incomeVerification,
  fraudDetection,
  riskAssessment,
  approval,
});
