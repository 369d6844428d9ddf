/**
 * The score on file: what the bureau said before its last update.
 *
 * **Made up.** Neither source has such a score, so we derive one, and we choose it so that a lost update shows: rated
 * by it, every application gets another rating than by its fresh score. In the domain it reads: the update is news,
 * good for most (a paid credit, one more year in the job: 680 becomes 750) and bad for those who are now rated E (a
 * default). A real file would also hold updates that change no rating; the shares of wrong ratings this example
 * measures are therefore shares of stale reads, not a forecast for a bank.
 */

import type { Particulars } from "./application.ts";
import type { Rating } from "./contracts.ts";
import { hash } from "./hash.ts";
import { RATING_FLOORS, assessRisk, caseAdjustment, creditScore, verifyIncome } from "./rules.ts";

/** An update is worth at least the width of a rating's band, and up to `SPREAD` more. */
const BAND_WIDTH = 60;
const SPREAD = 40;

/**
 * The score on file of an application, an integer from 300 to 850: at least 60 points from the fresh score and in
 * another rating's band. The same particulars give the same score.
 */
export function scoreOnFile(application: Particulars): number {
  const score = creditScore(application);
  const income = verifyIncome(application);
  const { rating } = assessRisk({ application, ...income, score });
  const jitter = hash(application.id) % SPREAD;
  const floorOf = (wanted: Rating): number => RATING_FLOORS[wanted] - caseAdjustment(application, income);
  return rating === "E"
    ? Math.max(score + BAND_WIDTH + jitter, floorOf("D"))
    : Math.min(score - BAND_WIDTH - jitter, floorOf(rating) - 1);
}
