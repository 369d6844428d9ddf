/**
 * The truth a run is judged by: the same rules, one after the other, on one thread, with nothing shared and nothing
 * cached.
 */

import type { Application } from "./application.ts";
import type { Decision } from "./contracts.ts";
import { approve, assessRisk, creditScore, detectFraud, verifyIncome } from "./rules.ts";

/** What a run must come to. A rating that differs from this one's is wrong. */
export function decideSequentially(application: Application): Decision {
  const score = creditScore(application);
  const income = verifyIncome(application);
  const { fraudScore } = detectFraud(application);
  const { rating } = assessRisk({ application, score, ...income });
  return approve({ application, rating, fraudScore, ...income });
}
