/**
 * The five agents of the credit decision. What they know of each other is the applicant's versioned state: the risk agent
 * reads the score there, and can't read an older one than the score agent wrote before it (invariant 4).
 */

import { type AgentContext, defineAgent, isTroupeError, type PolicyOptions } from "troupe";
import { applicant } from "./applicant.ts";
import {
  ApprovalIn,
  ApprovalOut,
  CreditScoreIn,
  CreditScoreOut,
  FraudDetectionIn,
  FraudDetectionOut,
  IncomeVerificationIn,
  IncomeVerificationOut,
  RiskAssessmentIn,
  RiskAssessmentOut,
} from "./contracts.ts";
import { type Activity, delayOf } from "./pace.ts";
import { approve, assessRisk, creditScore as scoreOf, detectFraud, verifyIncome } from "./rules.ts";

/** How many applications each agent works on at a time. */
const concurrency = 64;

/**
 * What stands in front of each agent. To call one again does no harm, since what it commits is applied once, and an
 * applicant's decision is worth waiting for. So a call is tried again for whatever it failed, for twenty seconds or so: by then a
 * lost thread has long been replaced and a breaker has closed again. All but a broken contract: that breaks at each attempt.
 *
 * No agent takes a second. One that does hangs, and is tried again rather than waited for.
 *
 * A thread that dies takes along all the calls that are on it, dozens at a time, which opens the breakers of their agents. Its
 * successor is there in a moment, so a breaker doesn't stay open for the default's seconds, which would hold up everybody for
 * what is over already.
 */
const policies: PolicyOptions = {
  retry: {
    attempts: 30,
    backoff: { first: 50, factor: 2, max: 1_000 },
    errors: (error) => !isTroupeError(error, "contract-violated"),
  },
  timeout: 1_000,
  breaker: { openFor: { first: 100, factor: 2, max: 2_000 }, counts: () => true }, // none of these agents says no by an error
};

/** An agent takes its time, as a model or a bureau would. */
async function think(activity: Activity, applicantId: string, context: AgentContext): Promise<void> {
  const ms = delayOf(activity, applicantId);
  if (ms > 0) await context.sleep(ms);
}

/** Replaces the score on file by a fresh one; puts the old one back when the decision fails. */
export const creditScore = defineAgent(import.meta.url, {
  name: "credit-score",
  version: "1.0.0",
  input: CreditScoreIn,
  output: CreditScoreOut,
  concurrency,
  policies,
  async execute({ applicantId }, context) {
    const { application } = await context.read(applicant, applicantId);
    await think("score", applicantId, context);
    const score = scoreOf(application);
    await context.commit(applicant, applicantId, (draft) => {
      draft.score = score;
    });
    return { score };
  },
  async compensate(_output, context, { applicantId }) {
    await context.commit(applicant, applicantId, (draft) => {
      draft.score = draft.application.previousScore;
    });
  },
});

export const incomeVerification = defineAgent(import.meta.url, {
  name: "income-verification",
  version: "1.0.0",
  input: IncomeVerificationIn,
  output: IncomeVerificationOut,
  concurrency,
  policies,
  async execute({ applicantId }, context) {
    const { application } = await context.read(applicant, applicantId);
    await think("income", applicantId, context);
    return verifyIncome(application);
  },
});

export const fraudDetection = defineAgent(import.meta.url, {
  name: "fraud-detection",
  version: "1.0.0",
  input: FraudDetectionIn,
  output: FraudDetectionOut,
  concurrency,
  policies,
  async execute({ applicantId }, context) {
    const { application } = await context.read(applicant, applicantId);
    await think("fraud", applicantId, context);
    return detectFraud(application);
  },
});

export const riskAssessment = defineAgent(import.meta.url, {
  name: "risk-assessment",
  version: "1.0.0",
  input: RiskAssessmentIn,
  output: RiskAssessmentOut,
  concurrency,
  policies,
  async execute({ applicantId, ...income }, context) {
    await think("risk", applicantId, context);
    const { application, score } = await context.read(applicant, applicantId);
    return assessRisk({ application, score, ...income });
  },
});

export const approval = defineAgent(import.meta.url, {
  name: "approval",
  version: "1.0.0",
  input: ApprovalIn,
  output: ApprovalOut,
  concurrency,
  policies,
  async execute({ applicantId, ...findings }, context) {
    const { application } = await context.read(applicant, applicantId);
    await think("approval", applicantId, context);
    return approve({ application, ...findings });
  },
});
