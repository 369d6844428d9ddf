/**
 * The artificial delays of the example: how long each agent thinks about each application, and how long an invalidation
 * is on its way. They come from the seed alone, and are the same in all four modes.
 */

import { hash } from "./hash.ts";
import { mulberry32 } from "./mulberry32.ts";

/** What takes its time. */
export type Activity = "score" | "income" | "fraud" | "risk" | "approval" | "invalidation";

/** The mean of each activity's delay in milliseconds. The delays are spread exponentially, as waiting times are. */
const means: Readonly<Record<Activity, number>> = {
  score: 15,
  income: 15,
  fraud: 15,
  risk: 20,
  approval: 5,
  invalidation: 12,
};

/** The environment variable that tells agents' threads the seed, or that nothing takes any time. */
export const paceVariable = "CREDIT_PACE";

/** How many milliseconds an activity takes for an application; 0 where delays are off. */
export function delayOf(activity: Activity, applicantId: string): number {
  const pace = process.env[paceVariable] ?? "off";
  if (pace === "off") return 0;
  const random = mulberry32(hash(`${pace} ${activity} ${applicantId}`));
  random(); // the first number of neighbouring seeds is alike
  return -means[activity] * Math.log(1 - random());
}
